import type { Event } from '../../coordinator/core/events.js';
import { openMemoryLog } from '../../coordinator/event-log/memory.js';
import type { Batch, ClusterLog, EventLog, Seq } from '../../coordinator/event-log/port.js';
import type { Chance } from './chance.js';
import type { Network } from './network.js';
import type { SimProcess } from './sim-process.js';
import type { Timeline } from './timeline.js';

/** The host name of the log's server. */
export const LOG_HOST = 'log';

export interface DiskFaults {
  /** Longest time of an ordinary append, milliseconds. */
  latencyMs: number;
  /** Probability that an append stalls for seconds. */
  stalls: number;
  /** Probability that an append fails and nothing is written. */
  fails: number;
  /** Probability that an append fails although it was written. */
  lies: number;
  /** Probability that an append fails now and is written later, if its head is still right then. */
  late: number;
  /** Probability that reading fails somewhere. */
  unreadable: number;
}

const NO_FAULTS: DiskFaults = { latencyMs: 2, stalls: 0, fails: 0, lies: 0, late: 0, unreadable: 0 };

/**
 * The one event log of a world, and what can happen between a coordinator and it. What is written goes through the real
 * codec and the real check of the head.
 */
export class Disk {
  faults: DiskFaults = NO_FAULTS;
  /** Called with every batch in the moment it becomes durable. */
  onDurable: (events: readonly Event[], writer: string) => void = () => {};
  readonly records: string[] = [];
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #network: Network;
  /** Who waits for the next batch. */
  #followers: (() => void)[] = [];

  constructor(timeline: Timeline, chance: Chance, network: Network) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#network = network;
  }

  heal(): void {
    this.faults = NO_FAULTS;
  }

  /** The log as one process on a host sees it. */
  open(host: string, process: SimProcess): ClusterLog {
    const inner = openMemoryLog(this.records);
    const write = async (events: readonly Event[], head: Seq): Promise<Seq> => {
      const seq = await inner.append(events, head);
      // As it was written: nothing that the writer does to its own objects later can change it.
      this.onDurable((JSON.parse(this.records.at(-1)!) as Batch).events, host);
      const followers = this.#followers;
      this.#followers = [];
      for (const follower of followers) follower();
      return seq;
    };
    const read = (after: Seq): AsyncIterable<Batch> => this.#read(inner, process, after);
    let waitingSince: number | undefined;
    const isCut = (): boolean => this.#network.isCut(host, LOG_HOST) || this.#network.isCut(LOG_HOST, host);
    return {
      read,
      follow: (after, signal) => this.#follow(inner, process, { after, signal, isCut }),
      get reached() {
        return !isCut();
      },
      answers: async (patienceMs) =>
        !isCut() && (waitingSince === undefined || process.now() - waitingSince <= patienceMs),
      append: (events, head) => {
        waitingSince = process.now();
        return new Promise<Seq>((resolve, reject) => {
          // What an asynchronous caller hears, it hears as long as its process lives.
          const answer = (ms: number, tell: () => void): void => void process.after(ms, tell);
          const { latencyMs, stalls, fails, lies, late } = this.faults;
          const chance = this.#chance;
          const fate = chance.float();
          let there = chance.between(0.1, latencyMs);
          if (chance.happens(stalls)) there += chance.between(1_000, 30_000);
          const back = chance.between(0.1, latencyMs);
          const fail = (words: string): void => reject(new Error(words));
          if (this.#network.isCut(host, LOG_HOST)) {
            answer(5_000, () => fail('the log did not answer in time'));
          } else if (fate < fails) {
            answer(there, () => fail('no space left on device'));
          } else if (fate < fails + late) {
            this.#timeline.at(
              this.#timeline.now + there + chance.between(100, 20_000),
              () => void write(events, head).catch(() => {}),
            );
            answer(there, () => fail('the log did not answer in time'));
          } else {
            const lied = fate < fails + late + lies;
            const survives = chance.happens(0.5);
            this.#timeline.at(this.#timeline.now + there, () => {
              // A process that died meanwhile may have handed it over before, or not.
              if (!process.alive && !survives) return;
              write(events, head).then(
                (seq) => answer(back, () => (lied ? fail('the log did not answer in time') : resolve(seq))),
                (error: unknown) => answer(back, () => reject(error as Error)),
              );
            });
          }
        }).finally(() => {
          waitingSince = undefined;
        });
      },
      extent: () => inner.extent(),
      close: async () => {},
    };
  }

  async *#read(inner: EventLog, process: SimProcess, after: Seq): AsyncIterable<Batch> {
    const failsAt = this.#chance.happens(this.faults.unreadable) ? this.#chance.below(this.records.length + 1) : -1;
    let count = 0;
    for await (const batch of inner.read(after)) {
      if (count % 50 === 0) await process.pause(this.#chance.between(0.1, this.faults.latencyMs));
      if (count === failsAt) throw new Error('input/output error');
      count += 1;
      yield batch;
    }
  }

  /** As a server sends it: each batch a while after it was written, and nothing while it is out of reach. */
  async *#follow(
    inner: EventLog,
    process: SimProcess,
    { after, signal, isCut }: { after: Seq; signal: AbortSignal; isCut: () => boolean },
  ): AsyncIterable<Batch> {
    let seq = after;
    while (!signal.aborted) {
      if (this.records.length <= seq) await this.#change(signal);
      await process.pause(isCut() ? 200 : this.#chance.between(0.1, this.faults.latencyMs), signal);
      if (isCut()) continue;
      for await (const batch of inner.read(seq)) {
        if (signal.aborted) return;
        seq = batch.seq;
        yield batch;
      }
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        signal.removeEventListener('abort', over);
        resolve();
      };
      signal.addEventListener('abort', over);
      this.#followers.push(over);
    });
  }
}
