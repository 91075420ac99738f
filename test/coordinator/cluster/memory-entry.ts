import { type Entry, EntryChangedError, type LeaseEntry } from '../../../coordinator/cluster/lease-entry.js';
import type { Time } from '../../../coordinator/time.js';

/** How long a question and an answer are under way, milliseconds. */
const WAY_MS = 30;

/** A lease's entry in memory, whose server can be away and whose entries expire by a given time. */
export class MemoryEntry implements LeaseEntry {
  readonly ttlMs = 3_000;
  /** While it is, nobody gets an answer. */
  away = false;
  /** Whose writes come to nothing. */
  dead = '';
  entry: Entry | undefined;
  #revision = 0;
  #writtenAt = 0;
  readonly #time: Time;

  constructor(time: Time) {
    this.#time = time;
  }

  async look(): Promise<Entry | undefined> {
    await this.#time.pause(WAY_MS);
    const there = this.#there();
    await this.#time.pause(WAY_MS);
    return there;
  }

  async write(holder: Entry['holder'], revision: number | undefined): Promise<number> {
    await this.#time.pause(WAY_MS);
    if (holder.id === this.dead) throw new Error('it is dead');
    const there = this.#there();
    if (there?.revision !== revision) throw new EntryChangedError('another one');
    this.#revision += 1;
    this.#writtenAt = this.#time.now();
    this.entry = { holder, revision: this.#revision };
    await this.#time.pause(WAY_MS);
    return this.entry.revision;
  }

  async erase(revision: number): Promise<void> {
    if (this.entry?.revision === revision) this.entry = undefined;
  }

  #there(): Entry | undefined {
    if (this.away) throw new Error('nobody answers');
    if (this.#time.now() - this.#writtenAt >= this.ttlMs) this.entry = undefined;
    return this.entry;
  }
}
