import { roundedLog } from '../rounded-log.js';
import type { Study, Trial } from '../study.js';
import { crc32 } from './crc32.js';
import { longestComplete, type StudyPruner } from './pruner.js';
import { OptunaSuccessiveHalving } from './successive-halving.js';

export interface HyperbandOptions {
  readonly minResource?: number;
  /** "auto" is one more than the longest complete trial's last step at the time it is first needed. */
  readonly maxResource?: number | 'auto';
  readonly reductionFactor?: number;
  readonly bootstrapCount?: number;
}

/**
 * Brackets of successive halving that begin ever later; a trial's bracket is drawn by hashing the study's name and the
 * trial's number.
 *
 * @see Li et al. 2018, "Hyperband"; the split into brackets as in Optuna 5 `_hyperband.py`
 */
export class OptunaHyperband implements StudyPruner {
  readonly #options: Required<HyperbandOptions>;
  #brackets: OptunaSuccessiveHalving[] = [];
  #budgets: number[] = [];

  constructor(options: HyperbandOptions = {}) {
    this.#options = { minResource: 1, maxResource: 'auto', reductionFactor: 3, bootstrapCount: 0, ...options };
  }

  prune(study: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    if (!this.settle(trials)) return undefined;
    const index = this.#indexOf(study, trial);
    const rivals = trials.filter((other) => this.#indexOf(study, other) === index);
    const reason = this.#brackets[index]!.prune(study, trial, rivals);
    return reason === undefined ? undefined : `bracket ${index}: ${reason}`;
  }

  climb(study: Study, trial: Trial, index: number, trials: readonly Trial[]): void {
    if (this.settle(trials)) this.#brackets[this.#indexOf(study, trial)]!.climb(study, trial, index, trials);
  }

  settle(trials: readonly Trial[]): boolean {
    if (this.#brackets.length > 0) return true;
    const { minResource, maxResource, reductionFactor, bootstrapCount } = this.#options;
    const longest = longestComplete(trials);
    if (maxResource === 'auto' && longest === undefined) return false;
    const most = maxResource === 'auto' ? longest! + 1 : maxResource;
    // The quotient of rounded logarithms: for 243 and 3 it is just below 5, and so Optuna has five brackets, not six.
    const count = Math.floor(roundedLog(most / minResource) / roundedLog(reductionFactor)) + 1;
    this.#budgets = Array.from({ length: count }, (_, i) =>
      Math.ceil((count * reductionFactor ** (count - 1 - i)) / (count - i)),
    );
    this.#brackets = Array.from(
      { length: count },
      (_, minEarlyStoppingRate) =>
        new OptunaSuccessiveHalving({ minResource, reductionFactor, minEarlyStoppingRate, bootstrapCount }),
    );
    return true;
  }

  #indexOf({ name }: Study, { number }: Trial): number {
    const total = this.#budgets.reduce((a, b) => a + b, 0);
    let rest = crc32(`${name}_${number}`) % total;
    let index = 0;
    while (rest >= this.#budgets[index]!) rest -= this.#budgets[index++]!;
    return index;
  }
}
