import { describe, expect, it } from 'vitest';
import { pathOf } from '../../../cli/commands/compare.js';
import { type LeaderboardRow, TrialState } from '../../../proto/index.js';
import { study, trial } from '../canned.js';

const at = (number: number, endedAtMs: number, overrides: Parameters<typeof trial>[1], rank = 1): LeaderboardRow => ({
  rank,
  trial: trial(number, { endedAtMs, ...overrides }),
});

describe('what a study had reached', () => {
  it('is the best complete value after each trial that had ended, in the order of their ends', () => {
    const rows = [
      at(0, 40, { value: 0.5 }),
      at(1, 10, { state: TrialState.TRIAL_STATE_PRUNED, value: 0.99 }),
      at(2, 20, { value: 0.3 }),
      at(3, 30, { state: TrialState.TRIAL_STATE_FAILED, value: undefined }, 0),
      at(4, 50, { value: Number.NaN }),
      at(5, 60, { value: 0.4 }),
      at(6, 0, { state: TrialState.TRIAL_STATE_RUNNING, value: 0.9 }, 0),
      at(7, 25, { value: 1, rerunOf: 0 }, 0),
      at(8, 35, { value: 1, invalidated: true }, 0),
    ];
    expect(pathOf(study({ maximize: true }), rows)).toEqual([undefined, 0.3, 0.3, 0.5, 0.5, 0.5]);
    expect(pathOf(study({ maximize: false }), rows)).toEqual([undefined, 0.3, 0.3, 0.3, 0.3, 0.3]);
  });
});
