import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { State } from '../../../coordinator/core/state.js';
import { bestOf, ranksOf } from '../../../coordinator/core/views.js';
import { Scenario } from './scenario.js';

/** By sorting all trials, on a state of its own so that nothing is remembered. */
function first(state: State, study: string): number | undefined {
  const [number] = [...ranksOf(state.studies.get(study)!)].find(([, rank]) => rank === 1) ?? [];
  return number;
}

/** What happens to a trial, and whether somebody looks after it. */
const step = fc.record({
  value: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.NaN)),
  outcome: fc.constantFrom('completed' as const, 'completed' as const, 'failed' as const),
  invalidates: fc.option(fc.nat(5), { freq: 4 }),
  looks: fc.boolean(),
});

it('the best of a study, brought up to date with what has changed, is the first of its board', () => {
  const goals = fc.constantFrom('maximize' as const, 'minimize' as const);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), goals, fc.boolean(), (steps, goal, repeats) => {
      const scenario = new Scenario();
      const metric = { name: 'value', goal, value: 'last' } as const;
      const budget = { trials: 50 };
      const limits = { attempts: 1 };
      const study = scenario.create({ metric, budget, limits, ...(repeats ? { repeats: 2 } : {}) });
      scenario.attach('w1');
      for (const [trial, { value, outcome, invalidates, looks }] of steps.entries()) {
        const attempt = { study, trial, attempt: 1 };
        scenario.report(attempt, 1, value);
        scenario.result(attempt, outcome, `reason ${trial}`);
        if (invalidates !== null && invalidates <= trial) {
          scenario.run({ type: 'InvalidateTrial', study, trial: invalidates, reason: '' });
        }
        if (looks) bestOf(scenario.core.state.studies.get(study)!);
      }
      const replayed = scenario.replayed();
      expect(bestOf(scenario.core.state.studies.get(study)!)?.number).toBe(first(replayed, study));
    }),
    { numRuns: 300 },
  );
});
