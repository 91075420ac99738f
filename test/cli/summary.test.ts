import { describe, expect, it } from 'vitest';
import { compareReports } from '../../cli/reproduction.js';
import { succeeded, summaryLines } from '../../cli/summary.js';
import { paint } from '../../cli/text.js';
import { trialLines } from '../../cli/trial-lines.js';
import { type Study, StudyState, TrialCounts, TrialState } from '../../proto/index.js';
import { param, reports, START_MS, study, trial } from './canned.js';

function finished(base: Partial<Study> = {}): Study {
  return study({
    state: StudyState.STUDY_STATE_FINISHED,
    notice: 'all 24 trials are done',
    finishedAtMs: START_MS + 107_000,
    counts: TrialCounts.create({ complete: 15, pruned: 9 }),
    best: trial(3, { params: [param('lr', 0.0123456789), param('loss', 'true'), param('nesterov', true)] }),
    ...base,
  });
}

function text(lines: ReturnType<typeof summaryLines>): string[] {
  return lines.map((line) => paint(line, { columns: undefined, color: false }));
}

describe('the summary of a study', () => {
  it('has the best configuration as YAML, in full, with words that look like other things quoted', () => {
    expect(text(summaryLines(finished()))).toEqual([
      'best configuration  (trial 3, val_accuracy 0.8700 at step 9)',
      '  lr: 0.0123456789',
      '  loss: "true"',
      '  nesterov: true',
      '',
      'digits: 15 complete, 9 pruned in 1m 47s (all 24 trials are done)',
      'early stopping saved 40 of 160 steps (25 %)',
      'sampler tpe, pruner median, seed 7',
    ]);
  });

  it('says that nothing was found', () => {
    const nothing = finished({ best: undefined, stepsSaved: 0 });
    expect(text(summaryLines(nothing))[0]).toBe('no trial has a value');
    expect([succeeded(finished()), succeeded(nothing), succeeded(study()), succeeded(undefined)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a trial, shown whole', () => {
  it('has parameters, curves, attempts, and where it comes from', () => {
    const lines = text(trialLines(study(), trial(0), { nowMs: START_MS, columns: 100 }));
    expect(lines.filter((line) => !line.includes('worker-0'))).toEqual([
      'digits trial 0  complete  val_accuracy 0.9000 at step 9, the best of its study',
      '',
      'parameters',
      '  lr         0.01235',
      '  depth      1',
      '  optimizer  sgd',
      '',
      'curve',
      '  metric        steps 1 to 10  last    range',
      '  val_accuracy  ▁▄▇█           0.9000  0.5000 to 0.9000',
      '',
      'attempt',
      '     worker    started              took  end',
      '',
      expect.stringMatching(/^proposed by tpe at .*, after 40 events; seed 1000$/),
    ]);
    expect(lines.find((line) => line.includes('worker-0'))).toMatch(/^ {2}1 {2}worker-0 {2}.* {2}8\.2s {2}completed$/);
  });

  it('says why it was pruned, wrapped to the terminal, once', () => {
    const reason = 'best value 0.3574 up to step 1 is behind the median of 12 trials, 0.3592';
    const pruned = trial(4, { state: TrialState.TRIAL_STATE_PRUNED, reason, attempts: [] });
    const lines = text(trialLines(study(), pruned, { nowMs: START_MS, columns: 60 }));
    expect(lines.slice(1, 4)).toEqual([
      '',
      'pruned because: best value 0.3574 up to step 1 is behind the',
      'median of 12 trials, 0.3592',
    ]);
  });

  it('names the trial that a re-run repeats', () => {
    expect(text(trialLines(study(), trial(24, { rerunOf: 3 }), { nowMs: START_MS, columns: 100 })).at(-1)).toMatch(
      /^a re-run of trial 3,/,
    );
  });
});

describe('a re-run', () => {
  it('has reproduced a trial when every step that both reported is equal to the last bit', () => {
    expect(compareReports(reports(0.5, 0.6), reports(0.5, 0.6, 0.7))).toEqual({
      same: true,
      words: 'reproduced exactly: all 2 steps are equal to the last bit',
    });
    expect(compareReports(reports(Number.NaN), reports(Number.NaN)).same).toBe(true);
  });

  it('has not when one differs, and says where', () => {
    expect(compareReports(reports(0.5, 0.6), reports(0.5, 0.6000000000000001))).toEqual({
      same: false,
      words: 'first differs at step 2: val_accuracy was 0.6 and is 0.6000000000000001',
    });
    expect(compareReports(reports(), reports(0.5)).same).toBe(false);
  });

  it('is not held against its machine', () => {
    const first = [{ step: 1, metrics: { val_accuracy: 0.5, images_per_s: 1000, time: 3 } }];
    const second = [{ step: 1, metrics: { val_accuracy: 0.5, images_per_s: 900, time: 4 } }];
    expect(compareReports(first, second).same).toBe(true);
  });
});
