import type { Event } from '../core/events.js';

/** Number of a batch in its log: 1, 2, 3, ... 0 is the empty log's head. */
export type Seq = number;

/** Events that were decided together: recorded whole or not at all. */
export interface Batch {
  readonly seq: Seq;
  readonly events: readonly Event[];
}

/** How much of a log there is. */
export interface Extent {
  readonly head: Seq;
  /** What it takes where it is stored. */
  readonly bytes: number;
}

/** A log to be read, perhaps while another process appends to it. */
export interface LogReader {
  /** Batches with `seq > after`, in order, up to the head at the time of the call. */
  read(after: Seq): AsyncIterable<Batch>;
  /** Lets go of the log's resources. Nothing may be called afterwards. */
  close(): Promise<void>;
}

/**
 * The coordinator's truth. One writer at a time (P13); `head` is the fence that keeps a second one out: an append that names
 * a head which is not the log's is refused and nothing is merged. All adapters pass one contract test.
 */
export interface EventLog extends LogReader {
  /**
   * Appends one batch of at least one event; it is durable when the promise resolves.
   *
   * @returns the batch's number, which is the new head
   * @throws {LogConflictError} when the log's head is not `head`; the log is unchanged
   */
  append(events: readonly Event[], head: Seq): Promise<Seq>;
  /** As the store has it now, whoever wrote to it. */
  extent(): Promise<Extent>;
}

/** The log of a cluster: others may append to it, and are followed. */
export interface ClusterLog extends EventLog {
  /** Batches with `seq > after` as they come, until the signal is aborted. */
  follow(after: Seq, signal: AbortSignal): AsyncIterable<Batch>;
  /** Whether any of its servers is connected to, as far as is known. */
  readonly reached: boolean;
  /** Whether the log is there: it answers, and no append has waited for `patienceMs`. */
  answers(patienceMs: number): Promise<boolean>;
}

/** Somebody else wrote to the log. Who meets it no longer leads: it stops and replays, it never merges. */
export class LogConflictError extends Error {
  override readonly name = 'LogConflictError';
  readonly expectedHead: Seq;

  constructor(expectedHead: Seq, options?: ErrorOptions) {
    super(`the event log's head is no longer ${expectedHead}: another coordinator has written to it`, options);
    this.expectedHead = expectedHead;
  }
}

/** The log holds something this program cannot read. */
export class LogFormatError extends Error {
  override readonly name = 'LogFormatError';
}
