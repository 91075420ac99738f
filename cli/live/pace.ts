import { type Leaderboard, type Study, StudyState } from '../../proto/index.js';
import { timeUsedMs } from '../../proto/study-clock.js';
import { doneCount } from '../study-text.js';

/** Trials' worth of training that must pass under our eyes before their pace is trusted more than the study's average. */
const ENOUGH = 4;
/** The estimate is renewed this often, milliseconds, and counts down between, so that it does not flutter. */
const RENEWAL_MS = 5_000;

/**
 * Estimates how long a study still takes, from the pace of its trials. The pace is measured while watching, so that an hour
 * in which the study was paused or without workers does not count.
 */
export class Pace {
  #first: { readonly atMs: number; readonly progress: number } | undefined;
  #estimate: { readonly atMs: number; readonly leftMs: number } | undefined;

  /** Takes notice of a board. */
  see(board: Leaderboard): void {
    const { study, nowMs } = board;
    if (study === undefined || study.budgetTrials === 0) return;
    const progress = progressOf(board, study);
    this.#first ??= { atMs: nowMs, progress };
    if (this.#estimate !== undefined && nowMs - this.#estimate.atMs < RENEWAL_MS) return;
    const seen = progress - this.#first.progress;
    const msPerTrial = seen >= ENOUGH ? (nowMs - this.#first.atMs) / seen : (nowMs - study.createdAtMs) / progress;
    if (progress >= 1) this.#estimate = { atMs: nowMs, leftMs: (study.budgetTrials - progress) * msPerTrial };
  }

  /** Milliseconds until the study ends, undefined while that cannot be said. */
  leftMs(study: Study, nowMs: number): number | undefined {
    if (study.state !== StudyState.STUDY_STATE_RUNNING) return undefined;
    const byTime = study.budgetTimeMs > 0 ? study.budgetTimeMs - timeUsedMs(study, nowMs) : undefined;
    const byTrials = this.#estimate === undefined ? undefined : this.#estimate.leftMs - (nowMs - this.#estimate.atMs);
    const least = Math.min(byTime ?? Number.POSITIVE_INFINITY, byTrials ?? Number.POSITIVE_INFINITY);
    // An estimate that has run out was wrong; what it said last helps nobody.
    return Number.isFinite(least) && least > 0 ? least : undefined;
  }
}

/**
 * Trials that have ended, those that rest, of which most never go on, and the trained shares of those that run.
 */
function progressOf({ running }: Leaderboard, study: Study): number {
  return running.reduce(
    (sum, { plannedSteps, lastStep, rerunOf }) =>
      plannedSteps > 0 && rerunOf === undefined ? sum + lastStep / plannedSteps : sum,
    doneCount(study.counts) + (study.counts?.paused ?? 0),
  );
}
