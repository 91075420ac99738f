import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPruner, type Goal, History, type PrunerOptions } from '../../search/index.js';
import { playReports } from '../search/play.js';

const ALL: readonly PrunerOptions[] = [
  { type: 'none' },
  { type: 'median', startupTrials: 2 },
  { type: 'percentile', percentile: 30, startupTrials: 1, warmupSteps: 2, interval: 2 },
  { type: 'patience', patience: 2 },
  { type: 'threshold', lower: -1, upper: 1 },
  { type: 'asha', minStep: 1, factor: 2 },
  { type: 'optuna-nop' },
  { type: 'optuna-median', startupTrials: 2 },
  { type: 'optuna-percentile', percentile: 30, startupTrials: 1, warmupSteps: 2, intervalSteps: 2 },
  { type: 'optuna-sha', reductionFactor: 2 },
  { type: 'optuna-sha', minResource: 1, reductionFactor: 2 },
  { type: 'optuna-hyperband', maxResource: 10, reductionFactor: 2 },
  { type: 'optuna-patient', patience: 2 },
  { type: 'optuna-threshold', lower: -1, upper: 1 },
  { type: 'optuna-wilcoxon', pThreshold: 0.3 },
  { type: 'hyperband', minStep: 1, factor: 2, brackets: 2 },
  { type: 'extrapolation', confidence: 0.6, startupTrials: 2 },
];

/** What every pruner promises. */
describe.each(ALL.map((options) => [JSON.stringify(options), options] as const))('pruner %s', (_, options) => {
  it('answers the same whether it has followed the history or just read it', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom<Goal>('maximize', 'minimize'), (seed, goal) => {
        const history = new History(goal, 'best');
        const follower = createPruner(options, goal);
        playReports(history, seed, (number) => {
          const verdict = follower.judge(history, number);
          expect(createPruner(options, goal).judge(history, number)).toEqual(verdict);
          return verdict.prune;
        });
      }),
      { numRuns: 25 },
    );
  });

  it('gives its reason in one line with the numbers it is about', () => {
    const history = new History('maximize', 'best');
    const pruner = createPruner(options, 'maximize');
    playReports(history, 4, (number) => {
      const verdict = pruner.judge(history, number);
      expect(verdict.prune ? verdict.reason : 'kept 1').toMatch(/^[^\n]*\d[^\n]*$/);
      return verdict.prune;
    });
  });

  it('names no number with more than four significant digits', () => {
    const history = new History('maximize', 'best');
    const pruner = createPruner(options, 'maximize');
    playReports(history, 5, (number) => {
      const verdict = pruner.judge(history, number);
      const numbers = verdict.prune ? (verdict.reason.match(/\d+(\.\d+)?/g) ?? []) : [];
      for (const number of numbers) expect(Number(Number(number).toPrecision(4))).toBe(Number(number));
      return verdict.prune;
    });
  });

  it('judges infinite and missing values without a fault, and nobody for what others lost', () => {
    const history = new History('minimize', 'best');
    const pruner = createPruner(options, 'minimize');
    const wild = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, 0];
    const judge = (number: number) => {
      const verdict = pruner.judge(history, number);
      expect(verdict).toEqual(createPruner(options, 'minimize').judge(history, number));
      expect(verdict.prune ? verdict.reason : '').not.toMatch(/undefined|\[object|\n/);
    };
    for (let number = 0; number < 15; number++) {
      history.propose(number, {}, 'test');
      if (number % 7 === 6) continue;
      history.start(number);
      for (let step = 1; step <= 6; step++) {
        // Of what was reported to a lost attempt, nothing is left.
        if (step === 3 && number % 4 === 1) {
          history.requeue(number);
          judge(number);
          history.start(number);
        }
        history.report(number, step, wild[(number + step) % wild.length]!);
        judge(number);
      }
      history.end(number, (['complete', 'failed', 'pruned'] as const)[number % 3]!);
    }
  });

  it('keeps a trial without reports, and one alone in its study that does well', () => {
    const history = new History('maximize', 'best');
    history.propose(0, {}, 'test');
    history.start(0);
    const pruner = createPruner(options, 'maximize');
    expect(pruner.judge(history, 0)).toEqual({ prune: false });
    for (let step = 1; step <= 30; step++) {
      history.report(0, step, step / 100);
      expect(pruner.judge(history, 0)).toEqual({ prune: false });
    }
  });

  it('means the same by better for a loss as for its negative', () => {
    const maximized = new History('maximize', 'best');
    const minimized = new History('minimize', 'best');
    const flipped: PrunerOptions = options.type === 'threshold' ? { type: 'threshold', lower: -1, upper: 1 } : options;
    const [one, other] = [createPruner(options, 'maximize'), createPruner(flipped, 'minimize')];
    playReports(
      maximized,
      8,
      (number) => {
        const verdict = one.judge(maximized, number);
        const { reports } = maximized.get(number)!;
        if (minimized.get(number) === undefined) {
          minimized.propose(number, {}, 'test');
          minimized.start(number);
        }
        if (reports.length <= minimized.get(number)!.reports.length) return verdict.prune;
        minimized.report(number, reports.at(-1)!.step, -reports.at(-1)!.value);
        expect(other.judge(minimized, number).prune).toBe(verdict.prune);
        return verdict.prune;
      },
      (number, status) => minimized.get(number) !== undefined && minimized.end(number, status),
    );
  });
});
