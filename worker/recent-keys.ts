/** Remembers the last `limit` keys that were added, and forgets older ones. */
export class RecentKeys {
  readonly #limit: number;
  readonly #keys = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(key: string): void {
    this.#keys.add(key);
    if (this.#keys.size <= this.#limit) return;
    // A set iterates in the order of insertion, so the first key is the oldest.
    const [oldest] = this.#keys;
    this.#keys.delete(oldest!);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }
}
