import type { Study, Trial } from '../study.js';

/** Optuna's question after a report. */
export interface StudyPruner {
  /**
   * @param trials those that the pruner may look at, by number
   * @returns why to stop the trial, in words and numbers, or undefined to let it go on
   */
  prune(study: Study, trial: Trial, trials: readonly Trial[]): string | undefined;
  /** Settles what "auto" is, if there is such a setting. @returns whether nothing is left open */
  settle?(trials: readonly Trial[]): boolean;
  /** Notes on the trial what `prune` would have noted after the report with this index: for when a study is rebuilt. */
  climb?(study: Study, trial: Trial, index: number, trials: readonly Trial[]): void;
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
