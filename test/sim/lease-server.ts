import { type Entry, EntryChangedError, type Holder, type LeaseEntry } from '../../coordinator/cluster/lease-entry.js';
import type { Chance } from './chance.js';
import type { Network } from './network.js';
import type { SimProcess } from './sim-process.js';
import type { Timeline } from './timeline.js';

/** The host name of the lease's server: it may be out of reach while the log's is not. */
export const LEASE_HOST = 'lease';

/** How long an entry lives, and how long somebody waits for an answer, milliseconds. */
const TTL_MS = 3_000;
const TIMEOUT_MS = 750;

export interface LeaseFaults {
  /** Longest time of a question or an answer under way, milliseconds. */
  latencyMs: number;
  /** Probability that a question is lost, or its answer although it was written. */
  lost: number;
  /** Probability that a write comes seconds later, if the entry is still the one that it was to replace. */
  late: number;
}

const NO_FAULTS: LeaseFaults = { latencyMs: 2, lost: 0, late: 0 };

/**
 * The one place where the coordinators of a world write down who leads. It is there for liveness only, so it is made to be
 * wrong: whatever it says, the log's head is the fence.
 */
export class LeaseServer {
  faults: LeaseFaults = NO_FAULTS;
  readonly #timeline: Timeline;
  readonly #network: Network;
  readonly #chance: Chance;
  #entry: Entry | undefined;
  #writtenAt = 0;
  #revision = 0;

  constructor(timeline: Timeline, chance: Chance, network: Network) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#network = network;
  }

  heal(): void {
    this.faults = NO_FAULTS;
  }

  /** What stands there is gone, though its holder renews it. */
  expire(): void {
    this.#entry = undefined;
  }

  /** A holder stands there, whoever stood there before. */
  steal(holder: Holder): void {
    this.#put(holder);
  }

  /** The entry as one process on a host sees it. */
  entryOf(host: string, process: SimProcess): LeaseEntry {
    return {
      ttlMs: TTL_MS,
      look: () => this.#ask(host, process, () => this.#there()),
      write: (holder, revision) => this.#ask(host, process, () => this.#write(holder, revision)),
      erase: async (revision) => {
        await this.#ask(host, process, () => {
          if (this.#there()?.revision === revision) this.#entry = undefined;
        }).catch(() => {});
      },
    };
  }

  /** A question's way there and back, each of which may not be. */
  #ask<T>(host: string, process: SimProcess, act: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { latencyMs, lost, late } = this.faults;
      const chance = this.#chance;
      const [there, back] = [chance.between(0.1, latencyMs), chance.between(0.1, latencyMs)];
      const [arrives, answers, isLate] = [!chance.happens(lost), !chance.happens(lost), chance.happens(late)];
      const wayMs = there + (isLate ? chance.between(1_000, 10_000) : 0);
      const silence = (afterMs: number): void =>
        void process.after(Math.max(0, afterMs), () => reject(new Error('the lease did not answer in time')));
      if (!arrives || this.#network.isCut(host, LEASE_HOST)) {
        silence(TIMEOUT_MS);
        return;
      }
      if (isLate) silence(TIMEOUT_MS);
      this.#timeline.at(this.#timeline.now + wayMs, () => {
        let tell = (): void => {};
        try {
          const found = act();
          tell = () => resolve(found);
        } catch (error) {
          tell = () => reject(error as Error);
        }
        if (isLate) return;
        if (!answers || this.#network.isCut(LEASE_HOST, host) || wayMs + back > TIMEOUT_MS) silence(TIMEOUT_MS - wayMs);
        else process.after(back, tell);
      });
    });
  }

  #there(): Entry | undefined {
    if (this.#timeline.now - this.#writtenAt >= TTL_MS) this.#entry = undefined;
    return this.#entry;
  }

  #write(holder: Holder, revision: number | undefined): number {
    if (this.#there()?.revision !== revision) throw new EntryChangedError('the lease is not what it was');
    return this.#put(holder);
  }

  #put(holder: Holder): number {
    this.#revision += 1;
    this.#writtenAt = this.#timeline.now;
    this.#entry = { holder, revision: this.#revision };
    return this.#revision;
  }
}
