import type { Report } from './trial-value.js';

/** When a pruner looks at a trial. */
export interface Schedule {
  /** Complete trials to wait for. */
  readonly startupTrials: number;
  /** First step at which a trial is judged. */
  readonly warmupSteps: number;
  /** Steps between two judgements, counted from `warmupSteps`. */
  readonly interval: number;
}

/** Whether the newest report is the first in its interval: a step may be skipped, a judgement not. */
export function isDue(schedule: Schedule, reports: readonly Report[]): boolean {
  const last = reports.at(-1);
  if (last === undefined || last.step < schedule.warmupSteps) return false;
  const intervalOf = (step: number) => Math.floor((step - schedule.warmupSteps) / schedule.interval);
  const before = reports.at(-2);
  return before === undefined || before.step < schedule.warmupSteps || intervalOf(before.step) < intervalOf(last.step);
}
