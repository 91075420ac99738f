import type { ArtifactFile, Assignment } from '../proto/index.js';

/** How an attempt ended, as the process that ran it sees it. */
export interface AttemptEnd {
  /** `stopped`: because it was told to. `refused`: it cannot run here, another worker may do better. */
  readonly outcome: 'completed' | 'stopped' | 'failed' | 'timed_out' | 'refused';
  /** One line for people: why it failed, was refused or had no more time, or what of a completed one was lost. Else empty. */
  readonly error: string;
}

/** Files that an attempt has saved as artifacts. */
export interface SavedArtifacts {
  readonly kind: 'checkpoint' | 'weights' | 'output';
  /** The step after which they were made, 0 where that says nothing. */
  readonly step: number;
  readonly files: readonly ArtifactFile[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** What a running attempt tells. */
export interface AttemptEvents {
  /** Data and model are ready. At most once. */
  started(datasetDigest: string): void;
  /** The metrics of one step, in the order of the steps. */
  report(step: number, metrics: Readonly<Record<string, number>>): void;
  /** Files that were saved; the coordinator has their content. Before `ended`, after the report they belong to. */
  saved(saved: SavedArtifacts): void;
  /** Exactly once, after everything else; not at all after {@link RunningAttempt.kill}. */
  ended(end: AttemptEnd): void;
}

/** The end of what an attempt has printed. */
export interface OutputEnd {
  /** How many bytes it has printed in all. */
  readonly totalBytes: number;
  readonly data: Buffer;
}

export const NO_OUTPUT: OutputEnd = { totalBytes: 0, data: Buffer.alloc(0) };

/** An attempt that was started. */
export interface RunningAttempt {
  /**
   * Asks the attempt to end soon; `ended` follows.
   *
   * @param saveCheckpoint whether its trial goes on later, so that what it has come to is worth saving
   */
  stop(saveCheckpoint: boolean): void;
  /** Ends the attempt at once. It tells nothing any more. */
  kill(): void;
  /** The end of what it has printed so far. */
  output(): OutputEnd;
}

/**
 * Runs attempts. Events may come before `start` has returned, in whatever process the attempt runs; an attempt never
 * takes the worker along when it fails.
 */
export interface AttemptRunner {
  start(assignment: Assignment, events: AttemptEvents): RunningAttempt;
}
