import { figure } from '../../figure.js';
import type { Study, Trial } from '../study.js';
import type { StudyPruner } from './pruner.js';

export interface PatientOptions {
  /** Asked when patience has run out; without one, the trial is stopped then. */
  readonly wrapped?: StudyPruner;
  /** Steps without improvement to wait for. */
  readonly patience: number;
  /** How much better a value must be to count as an improvement. */
  readonly minDelta?: number;
}

/** Lets a trial be stopped only when it has not improved for some steps. */
export class OptunaPatient implements StudyPruner {
  readonly #options: PatientOptions;

  constructor(options: PatientOptions) {
    this.#options = options;
  }

  settle(trials: readonly Trial[]): boolean {
    return this.#options.wrapped?.settle?.(trials) ?? true;
  }

  climb(study: Study, trial: Trial, index: number, trials: readonly Trial[]): void {
    const shown = trial.values.slice(0, index + 1);
    if (this.#whyNow(shown, study.maximize) !== undefined) this.#options.wrapped?.climb?.(study, trial, index, trials);
  }

  prune(study: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    const reason = this.#whyNow(trial.values, study.maximize);
    const { wrapped } = this.#options;
    return reason === undefined || wrapped === undefined ? reason : wrapped.prune(study, trial, trials);
  }

  #whyNow(values: readonly number[], maximize: boolean): string | undefined {
    const { patience, minDelta = 0 } = this.#options;
    const cut = values.length - patience - 1;
    if (cut <= 0) return undefined;
    const sign = maximize ? -1 : 1;
    const before = least(values.slice(0, cut), sign);
    const after = least(values.slice(cut), sign);
    if (before === undefined || after === undefined || !(before + minDelta < after)) return undefined;
    return `best value ${figure(sign * after)} of the last ${patience + 1} steps is no improvement on ${figure(sign * before)} before`;
  }
}

/** The best value times `sign`, so that less is better; undefined when none is a number. */
function least(values: readonly number[], sign: number): number | undefined {
  const numbers = values.filter((value) => !Number.isNaN(value)).map((value) => sign * value);
  return numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.min(a, b));
}
