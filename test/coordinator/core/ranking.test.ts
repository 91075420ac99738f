import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ranking } from '../../../coordinator/core/ranking.js';
import { standingOf } from '../../../coordinator/core/standing.js';
import type { Study } from '../../../coordinator/core/study.js';
import { rank } from '../../../search/index.js';
import { Scenario } from './scenario.js';

/** All trials, sorted. */
function sorted(study: Study): [number, number][] {
  const own = study.trials.filter((trial) => trial.rerunOf === undefined && trial.invalidated === undefined);
  const rows = rank(own, (trial) => standingOf(study, trial), study.spec.metric.goal);
  return rows.map(({ rank: place, item }) => [place, item.number]);
}

function kept(study: Study, top?: number): [number, number][] {
  return ranking(study, top).map(({ rank: place, item }) => [place, item.number]);
}

const step = fc.record({
  value: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.NaN)),
  outcome: fc.constantFrom('completed' as const, 'completed' as const, 'stopped' as const, 'failed' as const),
  invalidates: fc.option(fc.nat(9), { freq: 6 }),
  looks: fc.boolean(),
});

it('a board that is kept in order is what sorting all trials makes', () => {
  const goals = fc.constantFrom('maximize' as const, 'minimize' as const);
  const repeated = fc.constantFrom(undefined, 2, 3);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 16 }), goals, repeated, fc.nat(5), (steps, goal, repeats, top) => {
      const scenario = new Scenario();
      const metric = { name: 'value', goal, value: 'last' } as const;
      const id = scenario.create({
        metric,
        budget: { trials: 50 },
        limits: { attempts: 1 },
        ...(repeats === undefined ? {} : { repeats }),
      });
      const study = scenario.core.state.studies.get(id)!;
      scenario.attach('w1');
      for (const [trial, { value, outcome, invalidates, looks }] of steps.entries()) {
        const attempt = { study: id, trial, attempt: 1 };
        scenario.report(attempt, 1, value);
        if (outcome === 'stopped') scenario.run({ type: 'StopTrial', study: id, trial });
        scenario.result(attempt, outcome, `reason ${trial}`);
        if (invalidates !== null && invalidates <= trial) {
          scenario.run({ type: 'InvalidateTrial', study: id, trial: invalidates, reason: '' });
        }
        if (looks) ranking(study);
      }
      expect(kept(study)).toEqual(sorted(study));
      expect(kept(study, top)).toEqual(sorted(study).slice(0, top));
    }),
    { numRuns: 300 },
  );
});

it('sorts when much has changed at once', () => {
  const scenario = new Scenario();
  const metric = { name: 'value', goal: 'maximize', value: 'last' } as const;
  const id = scenario.create({ metric, budget: { trials: 2_000 } });
  const study = scenario.core.state.studies.get(id)!;
  scenario.attach('w1');
  for (let trial = 0; trial < 1_200; trial += 1) {
    const attempt = { study: id, trial, attempt: 1 };
    scenario.report(attempt, 1, (trial * 7919) % 400);
    scenario.result(attempt, 'completed', '');
    if (trial === 550 || trial === 600) ranking(study);
  }
  expect(kept(study)).toEqual(sorted(study));
});
