import type { Column, Selection } from './observations.js';

/** So many changes are made one by one; more, and all is done anew. */
const FEW_CHANGES = 16;

/**
 * The selected observations of a column, ascending by centre, then by trial number, and each one's kernel width as
 * `neighbourWidths` has it. From one suggestion to the next a trial or two come or go, and only the widths beside them
 * change; working all of them out anew took the most time of a long history, since neighbours lie anywhere in memory.
 */
export class Neighbours {
  /** By slot, of those that are selected. */
  widths: Float64Array = new Float64Array(0);
  readonly #low: number;
  readonly #high: number;
  /** Slots in their order. */
  #list = new Int32Array(0);
  #n = 0;
  #least = 0;
  /** By slot: the centre that it is in the list with, NaN for one that is not, and its trial's number then. */
  #centres = new Float64Array(0);
  #numbers = new Int32Array(0);
  readonly #gone: number[] = [];
  readonly #come: number[] = [];

  constructor(low: number, high: number) {
    this.#low = low;
    this.#high = high;
  }

  /** @param least the least width that is allowed */
  follow(column: Column, selection: Selection, least: number): void {
    this.#reserve(column.centres.length);
    if (this.#least !== least || !this.#compare(column, selection)) {
      this.#least = least;
      this.#beginAnew(column, selection);
      return;
    }
    for (const slot of this.#gone) this.#remove(slot);
    for (const slot of this.#come) this.#add(slot, column.centres[slot]!, selection.numbers[slot]!);
  }

  /** The places of the observations in `selection`, ascending by centre. */
  ordered({ ranks }: Selection, out: Int32Array): void {
    const list = this.#list;
    for (let at = 0; at < this.#n; at++) out[at] = ranks[list[at]!]!;
  }

  /** Finds what has changed. @returns false when it is too much */
  #compare({ centres }: Column, { slots, n, ranks, numbers }: Selection): boolean {
    const [known, knownNumbers] = [this.#centres, this.#numbers];
    const [gone, come] = [this.#gone, this.#come];
    gone.length = 0;
    come.length = 0;
    let kept = 0;
    for (let i = 0; i < n; i++) {
      const slot = slots[i]!;
      if (known[slot] === centres[slot] && knownNumbers[slot] === numbers[slot]) kept++;
      else if (come.push(slot) > FEW_CHANGES) return false;
    }
    const lost = this.#n - kept;
    if (lost > FEW_CHANGES) return false;
    for (let slot = 0; gone.length < lost; slot++) {
      if (Number.isNaN(known[slot]!)) continue;
      // The rank of a slot that is free is what it was.
      const isSelected = ranks[slot]! < n && slots[ranks[slot]!] === slot;
      if (isSelected && known[slot] === centres[slot] && knownNumbers[slot] === numbers[slot]) continue;
      gone.push(slot);
    }
    return true;
  }

  #beginAnew({ centres, order }: Column, { ranks, numbers, count }: Selection): void {
    const list = this.#list;
    this.#centres.fill(Number.NaN);
    let n = 0;
    for (let i = 0; i < count; i++) {
      const slot = order[i]!;
      if (ranks[slot]! < 0) continue;
      this.#centres[slot] = centres[slot]!;
      this.#numbers[slot] = numbers[slot]!;
      list[n++] = slot;
    }
    this.#n = n;
    for (let at = 0; at < n; at++) this.#fitWidth(at);
  }

  #remove(slot: number): void {
    const at = this.#list.indexOf(slot);
    this.#list.copyWithin(at, at + 1, this.#n--);
    this.#centres[slot] = Number.NaN;
    this.#fitWidth(at - 1);
    this.#fitWidth(at);
  }

  #add(slot: number, centre: number, number: number): void {
    const [list, centres, numbers] = [this.#list, this.#centres, this.#numbers];
    let low = 0;
    let high = this.#n;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = list[middle]!;
      const difference = centres[other]! - centre;
      if (difference < 0 || (difference === 0 && numbers[other]! < number)) low = middle + 1;
      else high = middle;
    }
    list.copyWithin(low + 1, low, this.#n++);
    list[low] = slot;
    centres[slot] = centre;
    numbers[slot] = number;
    for (let at = low - 1; at <= low + 1; at++) this.#fitWidth(at);
  }

  #fitWidth(at: number): void {
    const [list, centres, n] = [this.#list, this.#centres, this.#n];
    if (at < 0 || at >= n) return;
    const slot = list[at]!;
    const centre = centres[slot]!;
    const below = centre - (at > 0 ? centres[list[at - 1]!]! : this.#low);
    const above = (at + 1 < n ? centres[list[at + 1]!]! : this.#high) - centre;
    let width = Math.max(below, above);
    if (n > 1 && at === 0) width = above;
    if (n > 1 && at === n - 1) width = below;
    this.widths[slot] = Math.min(Math.max(width, this.#least), this.#high - this.#low);
  }

  #reserve(slots: number): void {
    if (slots <= this.#list.length) return;
    this.#list = new Int32Array(slots);
    this.widths = new Float64Array(slots);
    this.#centres = new Float64Array(slots).fill(Number.NaN);
    this.#numbers = new Int32Array(slots);
    // Nothing is the least width now, so that all is done anew.
    this.#least = 0;
  }
}
