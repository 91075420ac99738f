import type { StudyJson } from '../../../../../proto/json.js';
import { timeUsedMs } from '../../../../../proto/study-clock.js';

/** Trials that have their final state. */
export function doneOf({ counts }: StudyJson): number {
  return counts === null ? 0 : counts.complete + counts.pruned + counts.failed;
}

/** Those, and the ones that rest: most of them never go on. */
function passedOf(study: StudyJson): number {
  return doneOf(study) + (study.counts?.paused ?? 0);
}

/** The used share of the budget, by trials or time, whichever is nearer to its end; undefined without a budget. */
export function budgetShare(study: StudyJson, nowMs: number): number | undefined {
  if (study.state === 'finished') return 1;
  const shares: number[] = [];
  if (study.budgetTrials > 0) shares.push(doneOf(study) / study.budgetTrials);
  if (study.budgetTimeMs > 0) shares.push(timeUsedMs(study, nowMs) / study.budgetTimeMs);
  return shares.length === 0 ? undefined : Math.min(1, Math.max(...shares));
}

/** Trials per hour since the study began; undefined before the first has ended. */
export function trialsPerHour(study: StudyJson, nowMs: number): number | undefined {
  const done = doneOf(study);
  const elapsed = (study.finishedAtMs ?? nowMs) - study.createdAtMs;
  return done === 0 || elapsed <= 0 ? undefined : (done / elapsed) * 3_600_000;
}

/** Milliseconds that are left at the pace so far; undefined while that cannot be said. */
export function timeLeftMs(study: StudyJson, nowMs: number): number | undefined {
  if (study.state !== 'running') return undefined;
  const passed = passedOf(study);
  const byTrials =
    study.budgetTrials > 0 && passed > 0
      ? ((study.budgetTrials - passed) / passed) * (nowMs - study.createdAtMs)
      : Number.POSITIVE_INFINITY;
  const byTime = study.budgetTimeMs > 0 ? study.budgetTimeMs - timeUsedMs(study, nowMs) : Number.POSITIVE_INFINITY;
  const left = Math.min(byTrials, byTime);
  return Number.isFinite(left) && left > 0 ? left : undefined;
}

/** What the best trial is ranked by: its value, or the mean of its repeats. */
export function bestValue({ best }: StudyJson): number | string | null {
  return best === null ? null : (best.repeats?.mean ?? best.value);
}

/** The share of planned steps that early stopping spared; undefined where nothing was. */
export function savedShare({ stepsRun, stepsSaved }: StudyJson): number | undefined {
  return stepsSaved > 0 ? stepsSaved / (stepsRun + stepsSaved) : undefined;
}
