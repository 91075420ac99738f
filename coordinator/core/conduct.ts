import type { AttemptName } from './attempt-name.js';
import type { State } from './state.js';
import { isFailure } from './trial.js';

/** Failures of its own, one after another, that put a worker into quarantine. */
export const STRIKES = 3;
/** How long the first quarantine lasts; each that follows without a success between lasts twice as long, up to eight times. */
export const QUARANTINE_MS = 600_000;
const MOST_DOUBLINGS = 3;

export interface Quarantine {
  readonly until: number;
  /** One line for people. */
  readonly reason: string;
}

interface Strike extends AttemptName {
  readonly reason: string;
}

/**
 * How a worker has been doing (P8). Its last failures count against it only as long as nothing says that it is the trial's or
 * the study's fault: neither the same trial nor one of its study for the same reason has failed on another worker, and
 * the study's code works on another one. A worker is quarantined after {@link STRIKES} such failures in a row.
 *
 * After its quarantine it is on probation: one more failure of its own sends it back, a success wipes everything out.
 */
export class Conduct {
  #strikes: Strike[] = [];
  #relapses = 0;
  quarantine: Quarantine | undefined;

  succeeded(): void {
    this.#strikes = [];
    this.#relapses = 0;
  }

  /** @returns whether this puts the worker into quarantine */
  failed(worker: string, failure: Strike, state: State, at: number): boolean {
    this.#strikes = [...this.#strikes, failure].slice(-STRIKES);
    if (this.quarantine !== undefined || this.#strikes.length < STRIKES) return false;
    if (!this.#strikes.every((strike) => isOwn(worker, strike, state))) return false;
    const lasts = QUARANTINE_MS * 2 ** Math.min(this.#relapses, MOST_DOUBLINGS);
    this.#relapses += 1;
    const reason = `its last ${STRIKES} attempts failed where other workers go on: ${failure.reason}`;
    this.quarantine = { until: at + lasts, reason };
    return true;
  }

  /** The time of the quarantine is over. */
  release(): void {
    this.quarantine = undefined;
    this.#strikes = this.#strikes.slice(1);
  }

  /** Somebody has mended it. */
  pardon(): void {
    this.quarantine = undefined;
    this.succeeded();
  }
}

function isOwn(worker: string, strike: Strike, state: State): boolean {
  const study = state.studies.get(strike.study);
  if (study === undefined || !study.evidence.worksElsewhere(worker)) return false;
  if (study.evidence.failsElsewhere(worker, strike.reason)) return false;
  // Of a study that has finished and is parked, nobody knows the trials now, and nothing new has failed in it.
  const attempts = study.body?.trials[strike.trial]?.attempts ?? [];
  return !attempts.some((attempt) => attempt.worker !== worker && isFailure(attempt));
}
