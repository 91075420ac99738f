import { describe, expect, it } from 'vitest';
import { trialLines } from '../../cli/trial-lines.js';
import type { Seen, Trial } from '../../proto/index.js';
import { study, trial } from './canned.js';

const shown = (which: Trial): string =>
  trialLines(study(), which, { nowMs: 0, columns: undefined })
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');

describe('one trial, whole', () => {
  it('says what is kept of it', () => {
    const files = [
      { name: 'model.json', sha256: '0'.repeat(64), bytes: 1783 },
      { name: 'weights.bin', sha256: '1'.repeat(64), bytes: 940_072 },
    ];
    const text = shown(trial(3, { checkpointStep: 0, weights: { step: 8, files, metrics: { test_accuracy: 0.965 } } }));
    expect(text).toContain(
      'kept\n  its model after step 8: model.json 1.7 KiB, weights.bin 918 KiB, test_accuracy 0.9650\n',
    );
    expect(shown(trial(3, { checkpointStep: 4 }))).toContain(
      'a checkpoint after step 4, where its next attempt goes on',
    );
    expect(shown(trial(3))).not.toContain('kept\n');
  });

  it('says why it has no value', () => {
    const [pruned, complete] = (['TRIAL_STATE_PRUNED', 'TRIAL_STATE_COMPLETE'] as const).map((state) =>
      shown(trial(3, { state, value: undefined })),
    );
    expect(complete).toMatch(/complete {2}no value: none of its reports has a number for val_accuracy\n/);
    expect(pruned).toMatch(/pruned {2}no value\n/);
  });

  it('says what there was to go by when it was proposed, where the coordinator does', () => {
    const origin = (seen: Seen | undefined): string =>
      trialLines(study(), trial(7), { nowMs: 0, columns: undefined, seen }).at(-1)![0]!.text;
    expect(origin({ ended: 5, unfinished: 2, best: 0.91 })).toMatch(
      /^proposed by tpe at .*, when 5 trials had ended, the best with val_accuracy 0\.9100, and 2 had not; seed /,
    );
    expect(origin({ ended: 1, unfinished: 0, best: undefined })).toContain(', when 1 trial had ended and 0 had not;');
    expect(origin({ ended: 0, unfinished: 0, best: undefined })).toContain(', the first of its study;');
    expect(origin(undefined)).toMatch(/after \d+ events; seed/);
  });

  it('has a remark on a trial that is complete, and a reason for one that is not', () => {
    const reason = 'its model is not kept: there is no room left';
    expect(shown(trial(3, { state: 'TRIAL_STATE_COMPLETE', reason }))).toContain(`complete, but ${reason}`);
    expect(shown(trial(3, { state: 'TRIAL_STATE_PRUNED', reason: 'hopeless' }))).toContain('pruned because: hopeless');
  });
});
