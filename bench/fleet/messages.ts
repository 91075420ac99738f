import type { ClientAccess } from '../../proto/client-access.js';

/*
 * What the processes of the bench say to each other over their channel.
 */

/** How the workers of one client process are, as command-line arguments in JSON. */
export interface Load {
  readonly address: string;
  /** What its workers show there. */
  readonly access?: ClientAccess | undefined;
  /** Number of its first worker; names and ids follow from it. */
  readonly first: number;
  readonly workers: number;
  readonly slots: number;
  /** How long a trial takes at the least, milliseconds. */
  readonly trialMs: number;
  /** Trials take between (1 - jitter) and (1 + jitter) times as long. */
  readonly jitter: number;
  /** Reports of a trial, spread evenly over its time. */
  readonly reports: number;
}

/** From a client, once: all of its workers are attached. */
export interface AllAttached {
  readonly attached: number;
}

/** Asks a process for its figures since the last time it was asked. */
export const ASK = 'figures' as const;

/** How long something took, milliseconds. */
export interface Times {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** What any process answers. */
export interface Figures {
  /** CPU time that it took, user and system, milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /**
   * In the coordinator: from the arrival of a worker's results to the departure of its next assignment. In a client: from a
   * slot's result to its next assignment, so with both directions of the network and the client's own queues.
   */
  readonly times: Times;
  /** In the coordinator: the log's commits. */
  readonly commits: Times;
  /** In a client: time that slots ran trials, and that they waited for one, milliseconds. */
  readonly busyMs: number;
  readonly idleMs: number;
}
