/** No trial waits longer, milliseconds. */
export const LONGEST_DELAY_MS = 60_000;

/** Trials that wait until a time, the soonest first; of the same time in the order in which they came. */
export class Delayed {
  readonly #entries: { readonly number: number; readonly due: number }[] = [];

  /** In the order in which they are due. */
  get entries(): readonly { readonly number: number; readonly due: number }[] {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(number: number, due: number): void {
    this.#entries.splice(this.#placeAfter(due), 0, { number, due });
  }

  remove(number: number, due: number): void {
    for (let i = this.#placeAfter(due) - 1; this.#entries[i]?.due === due; i--) {
      if (this.#entries[i]!.number !== number) continue;
      this.#entries.splice(i, 1);
      return;
    }
  }

  /** Whether the time of any has come. */
  isDue(at: number): boolean {
    return this.#entries.length > 0 && (this.#entries[0]!.due <= at || this.#isPutBack(at));
  }

  /** Those whose time has come. */
  *due(at: number): Iterable<number> {
    const isPutBack = this.#isPutBack(at);
    for (const { number, due } of this.#entries) {
      if (due <= at || (isPutBack && due - at > LONGEST_DELAY_MS)) yield number;
      else if (!isPutBack) return;
    }
  }

  /** All of them, whatever their time. */
  numbers(): number[] {
    return this.#entries.map(({ number }) => number);
  }

  /** Whether the clock was put back meanwhile: nobody is to wait for the time that it lost. */
  #isPutBack(at: number): boolean {
    const farthest = this.#entries.at(-1);
    return farthest !== undefined && farthest.due - at > LONGEST_DELAY_MS;
  }

  /** Behind the last that is due at or before a time. */
  #placeAfter(due: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.due <= due) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
