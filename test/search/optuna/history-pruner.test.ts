import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, Rng } from '../../../search/index.js';
import { createOptunaPruner, type OptunaPrunerOptions } from '../../../search/optuna/index.js';
import { OptunaHyperband } from '../../../search/optuna/pruners/hyperband.js';
import { OptunaPatient } from '../../../search/optuna/pruners/patient.js';
import { OptunaPercentile } from '../../../search/optuna/pruners/percentile.js';
import type { StudyPruner } from '../../../search/optuna/pruners/pruner.js';
import { OptunaSuccessiveHalving } from '../../../search/optuna/pruners/successive-halving.js';
import { OptunaThreshold } from '../../../search/optuna/pruners/threshold.js';
import { OptunaWilcoxon } from '../../../search/optuna/pruners/wilcoxon.js';
import { newTrial, Study, type Trial } from '../../../search/optuna/study.js';

const ALL: readonly (readonly [OptunaPrunerOptions, () => StudyPruner])[] = [
  [{ type: 'optuna-nop' }, () => ({ prune: () => undefined })],
  [{ type: 'optuna-median', startupTrials: 2 }, () => new OptunaPercentile({ percentile: 50, startupTrials: 2 })],
  [
    { type: 'optuna-percentile', percentile: 30, warmupSteps: 2, intervalSteps: 2, startupTrials: 1 },
    () => new OptunaPercentile({ percentile: 30, warmupSteps: 2, intervalSteps: 2, startupTrials: 1 }),
  ],
  [{ type: 'optuna-sha', reductionFactor: 2 }, () => new OptunaSuccessiveHalving({ reductionFactor: 2 })],
  [
    { type: 'optuna-sha', minResource: 2, reductionFactor: 2, bootstrapCount: 1 },
    () => new OptunaSuccessiveHalving({ minResource: 2, reductionFactor: 2, bootstrapCount: 1 }),
  ],
  [{ type: 'optuna-hyperband' }, () => new OptunaHyperband({})],
  [
    { type: 'optuna-hyperband', maxResource: 9, reductionFactor: 2 },
    () => new OptunaHyperband({ maxResource: 9, reductionFactor: 2 }),
  ],
  [{ type: 'optuna-patient', patience: 1, minDelta: 2 }, () => new OptunaPatient({ patience: 1, minDelta: 2 })],
  [
    { type: 'optuna-patient', patience: 1, wrapped: { type: 'optuna-sha', minResource: 3 } },
    () => new OptunaPatient({ patience: 1, wrapped: new OptunaSuccessiveHalving({ minResource: 3 }) }),
  ],
  [{ type: 'optuna-threshold', upper: 1 }, () => new OptunaThreshold({ upper: 1 })],
  [{ type: 'optuna-wilcoxon', pThreshold: 0.3 }, () => new OptunaWilcoxon({ pThreshold: 0.3 })],
];

const LENGTH = 12;

/** One trial until one is complete, then three at a time, each of which reports its next step now and then. */
function play(history: History, seed: number, judge: (study: Study, trial: Trial) => boolean): void {
  const rng = new Rng(seed, 1);
  const study = new Study('s', history.goal === 'maximize');
  const running: Trial[] = [];
  for (let turn = 0; turn < 220; turn++) {
    if (running.length < (study.observed === 0 ? 1 : 3)) {
      const trial = newTrial(study.trials.length, 'RUNNING');
      study.trials.push(trial);
      running.push(trial);
      history.propose(trial.number, {}, 'test');
      history.start(trial.number);
    }
    const at = rng.below(running.length);
    const trial = running[at]!;
    const value = rng.next() < 0.03 ? Number.NaN : Math.round(4 * rng.normal()) / 4 + trial.number / 20;
    const step = trial.steps.length + 1;
    study.report(trial, step, value);
    history.report(trial.number, step, value);
    const pruned = judge(study, trial);
    if (!pruned && step < LENGTH) continue;
    study.tell(trial, pruned ? 'PRUNED' : 'COMPLETE', history.get(trial.number)!.value);
    history.end(trial.number, pruned ? 'pruned' : 'complete');
    running.splice(at, 1);
  }
}

describe.each(ALL.map(([options, make]) => [JSON.stringify(options), options, make] as const))(
  'pruner %s',
  (_, options, make) => {
    it('judges as Optuna does, whether it has followed the history or just read it', () => {
      fc.assert(
        fc.property(fc.nat(), fc.constantFrom<'maximize' | 'minimize'>('maximize', 'minimize'), (seed, goal) => {
          const history = new History(goal, 'last');
          const follower = createOptunaPruner(options, goal, 's');
          const plain = make();
          play(history, seed, (study, trial) => {
            const verdict = follower.judge(history, trial.number);
            const reason = plain.prune(study, trial, study.trials);
            expect(verdict).toEqual(reason === undefined ? { prune: false } : { prune: true, reason });
            expect(createOptunaPruner(options, goal, 's').judge(history, trial.number)).toEqual(verdict);
            return verdict.prune;
          });
        }),
        { numRuns: 4 },
      );
    });

    it('keeps a trial that has not reported, and gives one line of reason with numbers', () => {
      const history = new History('minimize', 'last');
      history.propose(0, {}, 'test');
      history.start(0);
      const pruner = createOptunaPruner(options, 'minimize');
      expect(pruner.judge(history, 0)).toEqual({ prune: false });
      history.end(0, 'failed');
      const again = new History('minimize', 'last');
      play(again, 2, (_study, { number }) => {
        const verdict = pruner.judge(again, number);
        expect(verdict.prune ? verdict.reason : '1').toMatch(/^[^\n]*\d[^\n]*$/);
        return verdict.prune;
      });
    });
  },
);

describe('pruners that follow Optuna', () => {
  it('stop some trials and not all', () => {
    for (const [options] of ALL) {
      if (options.type === 'optuna-nop') continue;
      const statuses = new Set<string>();
      for (let seed = 0; seed < 20; seed++) {
        const history = new History('minimize', 'last');
        const pruner = createOptunaPruner(options, 'minimize');
        play(history, seed, (_study, { number }) => pruner.judge(history, number).prune);
        for (const { status } of history.trials()) statuses.add(status);
      }
      expect([options, statuses.has('pruned'), statuses.has('complete')]).toEqual([options, true, true]);
    }
  });
});
