import { openMemorySnapshots } from '../../coordinator/snapshots/memory.js';
import type { SnapshotStore } from '../../coordinator/snapshots/port.js';
import type { Chance } from './chance.js';

/** Where the coordinators of a world keep their snapshots: whole, as long as it has no faults. */
export class SnapshotShelf implements SnapshotStore {
  /** Probability that what is read is damaged, and that nothing can be written. */
  damages = 0;
  readonly #inner = openMemorySnapshots();
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  async put(name: string, text: AsyncIterable<string>): Promise<void> {
    if (this.#chance.happens(this.damages)) throw new Error('no space left on device');
    await this.#inner.put(name, text);
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = await this.#inner.get(name);
    return bytes !== undefined && this.#chance.happens(this.damages) ? spoilt(bytes, this.#chance) : bytes;
  }

  list(): Promise<readonly string[]> {
    return this.#inner.list();
  }

  delete(name: string): Promise<void> {
    return this.#inner.delete(name);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** Cut off, or with a byte that is another. */
async function* spoilt(bytes: AsyncIterable<Uint8Array>, chance: Chance): AsyncIterable<Uint8Array> {
  for await (const piece of bytes) {
    const place = chance.below(piece.length);
    if (chance.happens(0.5)) yield piece.subarray(0, place);
    else yield piece.map((byte, i) => (i === place ? byte ^ 1 : byte));
  }
}
