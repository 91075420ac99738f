import type { Capacity } from './resources.js';

interface Shelved {
  /** The same for workers that can run the same studies. */
  readonly kind: string;
  readonly capacity: Capacity;
}

/**
 * Workers with a free slot, on shelves: those of one shelf are alike in what they can run and in what they have left. A
 * thousand workers of a fleet fill a handful of shelves, so that finding room costs no look at each of them.
 */
export class FreeWorkers<W extends Shelved> {
  readonly #shelves = new Map<string, Set<W>>();
  readonly #places = new Map<W, string>();

  get size(): number {
    return this.#places.size;
  }

  /** Puts a worker where it belongs now. */
  put(worker: W): void {
    const place = `${worker.kind} ${worker.capacity.words}`;
    const before = this.#places.get(worker);
    if (before === place) return;
    if (before !== undefined) this.#take(worker, before);
    this.#places.set(worker, place);
    const shelf = this.#shelves.get(place);
    if (shelf === undefined) this.#shelves.set(place, new Set([worker]));
    else shelf.add(worker);
  }

  remove(worker: W): void {
    const place = this.#places.get(worker);
    if (place === undefined) return;
    this.#places.delete(worker);
    this.#take(worker, place);
  }

  has(worker: W): boolean {
    return this.#places.has(worker);
  }

  /** The workers, shelf by shelf; of one shelf in the order in which they came to it. */
  shelves(): Iterable<ReadonlySet<W>> {
    return this.#shelves.values();
  }

  #take(worker: W, place: string): void {
    const shelf = this.#shelves.get(place)!;
    shelf.delete(worker);
    if (shelf.size === 0) this.#shelves.delete(place);
  }
}
