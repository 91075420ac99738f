import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromLogged } from '../../../coordinator/core/events.js';
import { apply, emptyState, type State } from '../../../coordinator/core/state.js';
import type { Attempt } from '../../../coordinator/core/trial.js';
import { decodeBatch } from '../../../coordinator/event-log/codec.js';

const FOLDER = new URL('../../golden/log/', import.meta.url);
const LOGS = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'));
const SETTLED = new Set(['random', 'grid', 'optuna-tpe']);

/**
 * Logs that earlier versions wrote, one record a line. Each is read for ever: beside it lies what it says, as the
 * version that wrote it understood it. A log is never changed; a new format gets a new one.
 */
describe.each(LOGS)('the recorded log %s', (name) => {
  const records = readFileSync(new URL(name, FOLDER), 'utf8').trimEnd().split('\n');
  const expected: unknown = JSON.parse(readFileSync(new URL(name.replace('.jsonl', '.json'), FOLDER), 'utf8'));

  it('says what it said when it was written', () => {
    expect(summary(replay(records))).toEqual(expected);
  });

  // Our own samplers may get better; these are what they are by definition.
  it('is recomputed: every suggestion of a settled sampler follows from what stands before it', () => {
    const state = emptyState();
    const recorded: unknown[] = [];
    const recomputed: unknown[] = [];
    for (const event of records.flatMap((record, i) => decodeBatch(record, i + 1))) {
      if (event.type === 'TrialProposed' && SETTLED.has(event.origin)) {
        const study = state.studies.get(event.study)!;
        recorded.push(event.params);
        recomputed.push(study.sampler.suggest(study.history, study.proposed)?.params);
      }
      apply(state, event);
    }
    expect(recorded.length).toBeGreaterThan(0);
    expect(recomputed).toEqual(recorded);
  });
});

function replay(records: readonly string[]): State {
  const state = emptyState();
  for (const [i, record] of records.entries()) for (const event of decodeBatch(record, i + 1)) apply(state, event);
  return state;
}

function summary(state: State): unknown {
  return [...state.studies.values()].map((study) => ({
    id: study.id,
    status: study.status,
    why: study.why,
    detail: study.detail,
    datasetDigest: study.datasetDigests.get('') ?? '',
    stepsRun: study.stepsRun,
    stepsSaved: study.stepsSaved,
    trials: study.trials.map((trial) => ({
      status: trial.status,
      params: trial.params,
      seed: trial.seed,
      origin: trial.origin,
      attempts: trial.attempts.map((attempt) => wordsOf(attempt)),
      steps: trial.reports.map(({ step }) => step),
      best: String(Math.max(...trial.reports.flatMap(({ metrics }) => Object.values(metrics).map(fromLogged)))),
      value: String(study.history.get(trial.number)?.value),
      ...(trial.invalidated === undefined ? {} : { invalidated: trial.invalidated }),
      ...(trial.weights === undefined ? {} : { weights: trial.weights.files }),
    })),
  }));
}

function wordsOf({ workerName, ended, gpus, lateEnd }: Attempt): string {
  const on = gpus.length === 0 ? '' : ` on ${gpus.join(' ')}`;
  const late = lateEnd === undefined ? '' : `, late: ${lateEnd}`;
  return `${workerName}${on} ${ended?.end}: ${ended?.reason}${late}`;
}
