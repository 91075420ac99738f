import { type AttemptRef, Outcome } from '../proto/index.js';
import type { Clock } from './clock.js';
import type { AttemptEnd, AttemptEvents, RunningAttempt, SavedArtifacts } from './runner.js';

/** One string per attempt. */
export function keyOf({ study, trial, attempt }: AttemptRef): string {
  return `${study}/${trial}/${attempt}`;
}

/** Told by a held attempt, with itself. */
export interface AttemptListener {
  attemptStarted(attempt: HeldAttempt, datasetDigest: string): void;
  attemptReported(attempt: HeldAttempt, step: number, metrics: Readonly<Record<string, number>>): void;
  attemptSaved(attempt: HeldAttempt, saved: SavedArtifacts): void;
  attemptEnded(attempt: HeldAttempt, end: AttemptEnd): void;
}

/** Why an attempt was told to stop: the coordinator said so, or the worker drains. */
export type StopCause = 'requested' | 'draining';

/** An attempt that a worker answers for: it runs, or it has ended and its result is not acknowledged yet. */
export class HeldAttempt implements AttemptEvents {
  readonly ref: AttemptRef;
  readonly key: string;
  running = true;
  stopping: StopCause | undefined;
  /** What runs it; undefined in one that the runner never got. */
  run: RunningAttempt | undefined;
  readonly #listener: AttemptListener;
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor(ref: AttemptRef, key: string, listener: AttemptListener, clock: Clock) {
    this.ref = ref;
    this.key = key;
    this.#listener = listener;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** Milliseconds since it was assigned. */
  get ageMs(): number {
    return Math.round(this.#clock.now() - this.#startedAt);
  }

  /** The first cause counts. @param saveCheckpoint whether the trial goes on later */
  stop(cause: StopCause, saveCheckpoint: boolean): void {
    if (!this.running || this.stopping !== undefined) return;
    this.stopping = cause;
    this.run?.stop(saveCheckpoint);
  }

  started(datasetDigest: string): void {
    this.#listener.attemptStarted(this, datasetDigest);
  }

  report(step: number, metrics: Readonly<Record<string, number>>): void {
    this.#listener.attemptReported(this, step, metrics);
  }

  saved(saved: SavedArtifacts): void {
    this.#listener.attemptSaved(this, saved);
  }

  ended(end: AttemptEnd): void {
    this.#listener.attemptEnded(this, end);
  }
}

/** What the coordinator is told. An attempt that fails after it was told to stop was stopped. */
export function outcomeOf({ outcome }: AttemptEnd, stopping: StopCause | undefined): Outcome {
  switch (outcome) {
    case 'completed':
      return Outcome.OUTCOME_COMPLETED;
    case 'refused':
      return Outcome.OUTCOME_REFUSED;
    case 'timed_out':
      return Outcome.OUTCOME_TIMED_OUT;
    case 'stopped':
    case 'failed':
      if (stopping === 'requested') return Outcome.OUTCOME_STOPPED;
      if (stopping === 'draining') return Outcome.OUTCOME_HANDED_BACK;
      return Outcome.OUTCOME_FAILED;
  }
}
