import type { Study } from './gen/assay/v1/study.js';

/** Wall time that a study has used of a budget of time, milliseconds: from its first attempt on, pauses left out. */
export function timeUsedMs(study: Pick<Study, 'timeUsedMs' | 'clockSinceMs'>, nowMs: number): number {
  return study.timeUsedMs + (study.clockSinceMs > 0 ? Math.max(0, nowMs - study.clockSinceMs) : 0);
}
