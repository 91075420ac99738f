import { figure } from '../../figure.js';
import type { Study, Trial } from '../study.js';
import { longestComplete, type StudyPruner } from './pruner.js';

export interface SuccessiveHalvingOptions {
  /** The first rung's step; "auto" is a hundredth of the longest complete trial's at the time it is first needed. */
  readonly minResource?: number | 'auto';
  readonly reductionFactor?: number;
  readonly minEarlyStoppingRate?: number;
  /** How many trials must complete a rung before any is promoted from it. */
  readonly bootstrapCount?: number;
}

/**
 * Asynchronous successive halving as Optuna has it: on each rung the best of each `reductionFactor` go on.
 *
 * @see Li et al. 2020, "A system for massively parallel hyperparameter tuning"; a trial here never comes back
 */
export class OptunaSuccessiveHalving implements StudyPruner {
  readonly #options: Required<SuccessiveHalvingOptions>;
  #minResource: number | undefined;

  constructor(options: SuccessiveHalvingOptions = {}) {
    this.#options = {
      minResource: 'auto',
      reductionFactor: 4,
      minEarlyStoppingRate: 0,
      bootstrapCount: 0,
      ...options,
    };
    if (this.#options.minResource !== 'auto') this.#minResource = this.#options.minResource;
  }

  prune({ maximize }: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    const [step, value] = [trial.steps.at(-1), trial.values.at(-1)];
    if (step === undefined || value === undefined) return undefined;
    trial.rungs ??= [];
    for (let rung = trial.rungs.length; ; rung++) {
      const required = this.#stepOf(rung, trials);
      if (required === undefined || step < required) return undefined;
      if (Number.isNaN(value)) return `value at step ${step} is not a number`;
      const others = trials.flatMap((other) => (other === trial ? [] : (other.rungs?.[rung] ?? [])));
      trial.rungs[rung] = value;
      const competing = others.length + 1;
      if (competing <= this.#options.bootstrapCount) {
        return `rung ${rung} at step ${required} has ${competing} of the ${this.#options.bootstrapCount} trials to begin with`;
      }
      const limit = this.#limit([...others, value], maximize);
      if (maximize ? !(value >= limit) : !(value <= limit)) {
        return `value ${figure(value)} on rung ${rung} at step ${required} is worse than ${figure(limit)}, the last to go on of ${competing}`;
      }
    }
  }

  settle(trials: readonly Trial[]): boolean {
    return this.#stepOf(0, trials) !== undefined;
  }

  /** A pruned trial is taken to have completed one rung only with its last report. */
  climb(_study: Study, trial: Trial, index: number, trials: readonly Trial[]): void {
    const [step, value] = [trial.steps[index]!, trial.values[index]!];
    trial.rungs ??= [];
    while (!Number.isNaN(value)) {
      if (!(step >= (this.#stepOf(trial.rungs.length, trials) ?? Number.POSITIVE_INFINITY))) return;
      trial.rungs.push(value);
      if (trial.state === 'PRUNED' && index === trial.steps.length - 1) return;
    }
  }

  #stepOf(rung: number, trials: readonly Trial[]): number | undefined {
    if (this.#minResource === undefined) {
      const longest = longestComplete(trials);
      if (longest === undefined) return undefined;
      this.#minResource = Math.max(Math.floor(longest / 100), 1);
    }
    const { reductionFactor, minEarlyStoppingRate } = this.#options;
    return this.#minResource * reductionFactor ** (minEarlyStoppingRate + rung);
  }

  #limit(values: number[], maximize: boolean): number {
    const last = Math.max(Math.floor(values.length / this.#options.reductionFactor) - 1, 0);
    values.sort((a, b) => a - b);
    return values[maximize ? values.length - 1 - last : last]!;
  }
}
