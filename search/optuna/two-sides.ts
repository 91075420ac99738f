import type { NamedDistributions } from './joint-space.js';
import type { KernelOptions, Selection } from './kernels.js';
import type { MersenneTwister } from './mersenne-twister.js';
import type { ObservationTable } from './observations.js';
import { ParzenEstimator } from './parzen.js';
import type { Study } from './study.js';

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
    let best = 0;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const difference = this.#good.logDensity(candidates, i) - this.#bad.logDensity(candidates, i);
      // As in numpy's argmax, the first NaN wins, or else the first of the greatest.
      if (Number.isNaN(difference)) return candidates.map((values) => values[i]!);
      if (difference > greatest) {
        greatest = difference;
        best = i;
      }
    }
    return candidates.map((values) => values[best]!);
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
    return { slots: this.#goodSlots, n, ranks: this.#goodRanks, count: this.table.count };
  }

  #selectBad(current: number): Selection {
    const { rows, count } = this.table;
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
    return { slots, n, ranks, count };
  }
}
