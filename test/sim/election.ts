import { LOG_HOST } from './disk.js';
import type { Network } from './network.js';
import type { Timeline } from './timeline.js';

/** How long a leader may be silent, milliseconds. */
const LEASE_MS = 3_000;

/**
 * Who leads, beside the log. It is there for liveness only, so it is made to be wrong: a frozen or cut-off leader goes
 * on believing in itself, and a usurper believes at once. Whatever it says, the log's head is the fence.
 */
export class Election {
  readonly #timeline: Timeline;
  readonly #network: Network;
  #holder = '';
  #until = 0;

  constructor(timeline: Timeline, network: Network) {
    this.#timeline = timeline;
    this.#network = network;
  }

  /** Takes or renews the lease: whether `host` leads now; undefined when it cannot ask. */
  ask(host: string): boolean | undefined {
    if (this.#network.isCut(host, LOG_HOST) || this.#network.isCut(LOG_HOST, host)) return undefined;
    if (this.#holder !== host && this.#until > this.#timeline.now) return false;
    this.usurp(host);
    return true;
  }

  usurp(host: string): void {
    this.#holder = host;
    this.#until = this.#timeline.now + LEASE_MS;
  }
}
