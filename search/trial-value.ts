import type { Goal } from './param.js';

/** The study's metric at a step; may be NaN or infinite. */
export interface Report {
  readonly step: number;
  readonly value: number;
}

/** Whether `a` is strictly better than `b`; NaN is neither better nor worse than anything. */
export function isBetter(a: number, b: number, goal: Goal): boolean {
  return goal === 'maximize' ? a > b : a < b;
}

/**
 * The report that is a trial's value: its best (of equal ones the earliest) or its last.
 *
 * NaN never wins; a trial whose last report is NaN has no last value, because its earlier ones are not what it ended with.
 *
 * @param reports in the order of their steps
 */
export function trialValue(reports: readonly Report[], goal: Goal, kept: 'best' | 'last'): Report | undefined {
  if (kept === 'last') {
    const last = reports.at(-1);
    return last === undefined || Number.isNaN(last.value) ? undefined : last;
  }
  let best: Report | undefined;
  for (const report of reports) {
    if (Number.isNaN(report.value)) continue;
    if (best === undefined || isBetter(report.value, best.value, goal)) best = report;
  }
  return best;
}
