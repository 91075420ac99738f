import type { Study, Trial } from '../study.js';
import type { RungPruner, StudyPruner } from './pruner.js';

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

  halvingOf(study: Study, trial: Trial, trials: readonly Trial[]): RungPruner | undefined {
    return this.#options.wrapped?.halvingOf?.(study, trial, trials);
  }

  settle(trials: readonly Trial[]): void {
    this.#options.wrapped?.settle?.(trials);
  }

  prune(study: Study, trial: Trial, trials: readonly Trial[]): string | undefined {
    const { wrapped, patience, minDelta = 0 } = this.#options;
    const cut = trial.values.length - patience - 1;
    if (cut <= 0) return undefined;
    const sign = study.maximize ? -1 : 1;
    const before = least(trial.values.slice(0, cut), sign);
    const after = least(trial.values.slice(cut), sign);
    if (before === undefined || after === undefined || !(before + minDelta < after)) return undefined;
    if (wrapped !== undefined) return wrapped.prune(study, trial, trials);
    return `best value ${sign * after} of the last ${patience + 1} steps is no improvement on ${sign * before} before`;
  }
}

/** The best value times `sign`, so that less is better; undefined when none is a number. */
function least(values: readonly number[], sign: number): number | undefined {
  const numbers = values.filter((value) => !Number.isNaN(value)).map((value) => sign * value);
  return numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.min(a, b));
}
