import { type Study, StudyState } from '../../proto/index.js';
import { doneCount } from '../study-text.js';

/** Trials that must end under our eyes before their pace is trusted more than the study's average. */
const ENOUGH = 4;

/**
 * Estimates how long a study still takes, from the pace at which its trials end. The pace is measured while watching, so
 * that an hour in which the study was paused or without workers does not count.
 */
export class Pace {
  #first: { readonly atMs: number; readonly done: number } | undefined;
  #left: { readonly atMs: number; readonly leftMs: number } | undefined;
  #done = -1;

  /** Takes notice of a board. The estimate is renewed when a trial has ended, and counts down between. */
  see(study: Study, nowMs: number): void {
    const done = doneCount(study.counts);
    this.#first ??= { atMs: nowMs, done };
    if (done === this.#done) return;
    this.#done = done;
    const leftMs = estimate(study, nowMs, this.#first);
    this.#left = leftMs === undefined ? undefined : { atMs: nowMs, leftMs };
  }

  /** Milliseconds until the study ends, undefined while that cannot be said. */
  leftMs(study: Study, nowMs: number): number | undefined {
    if (study.state !== StudyState.STUDY_STATE_RUNNING) return undefined;
    const byTime = study.budgetTimeMs > 0 ? study.createdAtMs + study.budgetTimeMs - nowMs : undefined;
    const byTrials = this.#left === undefined ? undefined : this.#left.leftMs - (nowMs - this.#left.atMs);
    const least = Math.min(byTime ?? Number.POSITIVE_INFINITY, byTrials ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(least) ? Math.max(0, least) : undefined;
  }
}

function estimate(
  study: Study,
  nowMs: number,
  first: { readonly atMs: number; readonly done: number },
): number | undefined {
  const done = doneCount(study.counts);
  const remaining = study.budgetTrials - done;
  if (study.budgetTrials === 0 || done === 0) return undefined;
  const seen = done - first.done;
  const msPerTrial = seen >= ENOUGH ? (nowMs - first.atMs) / seen : (nowMs - study.createdAtMs) / done;
  return Math.max(0, remaining) * msPerTrial;
}
