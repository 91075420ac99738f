/** Numbers in ascending order, none of them NaN, for quantiles that stay cheap as the numbers grow more. */
export class SortedNumbers {
  #values = new Float64Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The k-th smallest, from 0. */
  at(k: number): number {
    return this.#values[k]!;
  }

  /** Sorts what is new and merges it in: O(n + m log m) for m new ones among n. */
  addAll(added: readonly number[]): void {
    if (added.length === 0) return;
    const fresh = Float64Array.from(added).sort();
    this.#reserve(this.#size + fresh.length);
    let from = this.#size - 1;
    let to = this.#size + fresh.length - 1;
    for (let k = fresh.length - 1; k >= 0; to--) {
      if (from >= 0 && this.#values[from]! > fresh[k]!) this.#values[to] = this.#values[from--]!;
      else this.#values[to] = fresh[k--]!;
    }
    this.#size += fresh.length;
  }

  /** Takes one such number out, if it is there. */
  remove(value: number): void {
    const at = this.countBelow(value);
    if (at === this.#size || this.#values[at] !== value) return;
    this.#values.copyWithin(at, at + 1, this.#size);
    this.#size--;
  }

  /** How many are less than `value`. */
  countBelow(value: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many are at most `value`. */
  countUpTo(value: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#values[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Linear between neighbours (Hyndman and Fan 1996, type 7); `share` in [0, 1], at least one number. */
  quantile(share: number): number {
    const place = share * (this.#size - 1);
    const below = Math.floor(place);
    const low = this.#values[below]!;
    const high = this.#values[Math.min(below + 1, this.#size - 1)]!;
    // Equal neighbours may be infinite, whose difference is no number.
    return low === high || place === below ? low : low + (place - below) * (high - low);
  }

  #reserve(size: number): void {
    if (size <= this.#values.length) return;
    const larger = new Float64Array(Math.max(size, 2 * this.#values.length));
    larger.set(this.#values);
    this.#values = larger;
  }
}
