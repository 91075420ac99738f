import type { NamedDistributions } from './joint-space.js';
import type { KernelOptions } from './kernels.js';
import type { MersenneTwister } from './mersenne-twister.js';
import type { ObservationTable, Selection } from './observations.js';
import { ParzenEstimator } from './parzen.js';
import type { Study } from './study.js';

/** More than rounding can make of a logarithm of a density: only what is farther behind has lost. */
const ROUNDING = 1e-9;

/** The good and the bad observations of a space, an estimator for each, and the candidate that sets them apart most. */
export class TwoSides {
  readonly space: NamedDistributions;
  readonly table: ObservationTable;
  readonly #good: ParzenEstimator;
  readonly #bad: ParzenEstimator;
  readonly #goodSlots = new Int32Array(32);
  #goodCount = 0;
  #badSlots = new Int32Array(0);
  #goodRanks = new Int32Array(0);
  #badRanks = new Int32Array(0);
  /** Of the candidates: their good densities, and the greatest ones first. */
  #own = new Float64Array(0);
  #order = new Int32Array(0);

  constructor(space: NamedDistributions, table: ObservationTable, options: KernelOptions) {
    this.space = space;
    this.table = table;
    this.#good = new ParzenEstimator(space, options);
    this.#bad = new ParzenEstimator(space, options);
  }

  /**
   * @param good    numbers of the good trials, ascending, at most 25; those without all parameters do not count
   * @param current number of the trial to sample for, which does not count
   */
  fit(study: Study, good: readonly number[], current: number): void {
    const { table } = this;
    table.follow(study);
    if (this.#badSlots.length < table.rows.length) {
      this.#badSlots = new Int32Array(table.rows.length);
      this.#goodRanks = new Int32Array(table.rows.length).fill(-1);
      this.#badRanks = new Int32Array(table.rows.length);
    }
    this.#good.fit(table, this.#selectGood(good));
    this.#bad.fit(table, this.#selectBad(current));
  }

  /** @returns internal values, by parameter */
  winner(generator: MersenneTwister, count: number): number[] {
    const candidates = this.#good.sample(generator, count);
    const best = this.#argmax(candidates, count);
    return candidates.map((values) => values[best]!);
  }

  /**
   * The candidate whose good density is the greatest beside its bad one. A bad density is a sum of positive numbers, so it
   * can only grow: as soon as the numbers so far are too many for a candidate to win, the rest is not added up. Beginning with
   * the greatest good densities makes that early.
   */
  #argmax(candidates: readonly Float64Array[], count: number): number {
    if (this.#order.length < count) {
      this.#order = new Int32Array(count);
      this.#own = new Float64Array(count);
    }
    const [order, good] = [this.#order, this.#own];
    for (let i = 0; i < count; i++) {
      const own = this.#good.logDensity(candidates, i);
      good[i] = own;
      let at = i;
      for (; at > 0 && good[order[at - 1]!]! < own; at--) order[at] = order[at - 1]!;
      order[at] = i;
    }
    let best = -1;
    let greatest = Number.NEGATIVE_INFINITY;
    let firstNaN = count;
    for (let at = 0; at < count; at++) {
      const i = order[at]!;
      const own = good[i]!;
      const enough = Number.isFinite(own) ? own - greatest + ROUNDING : Number.POSITIVE_INFINITY;
      const difference = own - this.#bad.logDensity(candidates, i, enough);
      // As in numpy's argmax, the first NaN wins, or else the first of the greatest.
      if (Number.isNaN(difference)) firstNaN = Math.min(firstNaN, i);
      else if (difference > greatest || (difference === greatest && i < best) || best < 0) {
        greatest = difference;
        best = i;
      }
    }
    return firstNaN < count ? firstNaN : best;
  }

  #selectGood(good: readonly number[]): Selection {
    for (const slot of this.#goodSlots.subarray(0, this.#goodCount)) this.#goodRanks[slot] = -1;
    let n = 0;
    for (const number of good) {
      const slot = this.table.slotOf(number);
      if (slot === undefined) continue;
      this.#goodRanks[slot] = n;
      this.#goodSlots[n++] = slot;
    }
    this.#goodCount = n;
    return { slots: this.#goodSlots, n, ranks: this.#goodRanks, numbers: this.table.numbers, count: this.table.count };
  }

  #selectBad(current: number): Selection {
    const { rows, count, numbers } = this.table;
    const excluded = this.table.slotOf(current) ?? -1;
    const [good, ranks, slots] = [this.#goodRanks, this.#badRanks, this.#badSlots];
    let n = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (good[slot]! >= 0 || slot === excluded) {
        ranks[slot] = -1;
        continue;
      }
      ranks[slot] = n;
      slots[n++] = slot;
    }
    return { slots, n, ranks, numbers, count };
  }
}
