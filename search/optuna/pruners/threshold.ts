import { figure } from '../../figure.js';
import type { Study, Trial } from '../study.js';
import { isFirstInInterval, type StudyPruner } from './pruner.js';

export interface ThresholdOptions {
  readonly lower?: number;
  readonly upper?: number;
  readonly warmupSteps?: number;
  readonly intervalSteps?: number;
}

/** Stops a trial whose value leaves [lower, upper] or is not a number. */
export class OptunaThreshold implements StudyPruner {
  readonly #options: ThresholdOptions;

  constructor(options: ThresholdOptions) {
    this.#options = options;
  }

  prune(_study: Study, trial: Trial): string | undefined {
    const { lower = -Infinity, upper = Infinity, warmupSteps = 0, intervalSteps = 1 } = this.#options;
    const [step, value] = [trial.steps.at(-1), trial.values.at(-1)];
    if (step === undefined || value === undefined) return undefined;
    if (step < warmupSteps || !isFirstInInterval(trial, warmupSteps, intervalSteps)) return undefined;
    if (value >= lower && value <= upper) return undefined;
    return `value ${figure(value)} at step ${step} is not in [${lower}, ${upper}]`;
  }
}
