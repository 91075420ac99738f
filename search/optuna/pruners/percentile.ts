import { figure } from '../../figure.js';
import type { Study, Trial } from '../study.js';
import { isFirstInInterval, type StudyPruner } from './pruner.js';

export interface PercentileOptions {
  /** In [0, 100]: the share of trials to keep. */
  readonly percentile: number;
  readonly startupTrials?: number;
  readonly warmupSteps?: number;
  readonly intervalSteps?: number;
  /** How many complete trials must have reported at the same step. */
  readonly minTrials?: number;
}

/** Stops a trial whose best value is worse than the percentile of the complete trials' values at the same step. */
export class OptunaPercentile implements StudyPruner {
  readonly #options: Required<PercentileOptions>;

  constructor(options: PercentileOptions) {
    this.#options = { startupTrials: 5, warmupSteps: 0, intervalSteps: 1, minTrials: 1, ...options };
  }

  prune({ maximize }: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    const { startupTrials, warmupSteps, intervalSteps, minTrials, percentile } = this.#options;
    const complete = trials.filter(({ state }) => state === 'COMPLETE');
    if (complete.length === 0 || complete.length < startupTrials) return undefined;
    const step = trial.steps.at(-1);
    if (step === undefined || step < warmupSteps || !isFirstInInterval(trial, warmupSteps, intervalSteps)) {
      return undefined;
    }
    const own = trial.values.filter((value) => !Number.isNaN(value));
    if (own.length === 0) return `no value up to step ${step} is a number`;
    const best = own.reduce((a, b) => (maximize ? Math.max(a, b) : Math.min(a, b)));
    const others = complete.flatMap(({ steps, values }) => values[steps.indexOf(step)] ?? []);
    if (others.length < minTrials) return undefined;
    const limit = percentileOf(others, maximize ? 100 - percentile : percentile);
    // No order holds against NaN, which means that no other trial has a number there.
    const worse = maximize ? best < limit : best > limit;
    if (!worse) return undefined;
    return `best value ${figure(best)} by step ${step} is worse than ${figure(limit)}, the ${percentile}th percentile of ${others.length} trials there`;
  }
}

/** Linear between the two nearest values, ignoring NaN, with numpy's rounding; NaN for none. */
export function percentileOf(values: readonly number[], percent: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const place = (sorted.length - 1) * (percent / 100);
  const index = Math.floor(place);
  if (sorted.length === 0) return Number.NaN;
  const rest = place - index;
  // Also where nothing lies between: the difference of two infinite neighbours is no number, and then neither is this.
  const [a, b] = [sorted[index]!, sorted[Math.min(index + 1, sorted.length - 1)]!];
  return rest >= 0.5 ? b - (b - a) * (1 - rest) : a + (b - a) * rest;
}
