import type { Study, Trial } from '../study.js';

/** Optuna's question after a report. */
export interface StudyPruner {
  /**
   * @param trials those that the pruner may look at, by number
   * @returns why to stop the trial, in words and numbers, or undefined to let it go on
   */
  prune(study: Study, trial: Trial, trials: readonly Trial[]): string | undefined;
  /** Settles what "auto" is, if there is such a setting and it can be known from these trials. */
  settle?(trials: readonly Trial[]): void;
  /** Who says which rungs this trial has completed; undefined while that cannot be known or there are none. */
  halvingOf?(study: Study, trial: Trial, trials: readonly Trial[]): RungPruner | undefined;
}

export interface RungPruner {
  /**
   * The values with which a trial has completed its rungs, had it been judged after each of its first `reports` reports:
   * for when a study is rebuilt. A pruned trial is taken to have completed one rung only with its last report.
   */
  rungsOf(trial: Trial, trials: readonly Trial[], reports: number): number[];
}

/** Whether the trial's last step is the first one reported in its interval; intervals begin at the end of the warm-up. */
export function isFirstInInterval({ steps }: Trial, warmupSteps: number, intervalSteps: number): boolean {
  const step = steps.at(-1)!;
  const start = Math.floor((step - warmupSteps) / intervalSteps) * intervalSteps + warmupSteps;
  return (steps.at(-2) ?? -1) < start;
}

/** The farthest that a complete trial has come; undefined while none has reported. */
export function longestComplete(trials: readonly Trial[]): number | undefined {
  let longest: number | undefined;
  for (const { state, steps } of trials) {
    const step = steps.at(-1);
    if (state === 'COMPLETE' && step !== undefined && !(step <= (longest ?? -Infinity))) longest = step;
  }
  return longest;
}
