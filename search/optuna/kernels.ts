import { type ArgsortKind, argsort, NETWORK_MAX, network } from './argsort.js';
import type { Categorical, Numeric } from './distribution.js';
import { leastWidth, neighbourWidths, scottWidth } from './kernel-widths.js';
import { Neighbours } from './neighbours.js';
import { LOG_SQRT_2PI, logGaussMass } from './normal.js';
import type { Column, Selection } from './observations.js';
import { SteppedMasses, support } from './stepped-masses.js';

/** Sorting so many costs less than walking along the column. */
const FEW = 32;

export interface KernelOptions {
  readonly argsort: ArgsortKind;
  /** How many parameters are drawn jointly, where the widths go by that; undefined for neighbours' distances. */
  readonly scottDimensions: number | undefined;
  /** How many parameters are drawn jointly. */
  readonly dimensions: number;
}

/** One kernel per observation and the prior as the last; arrays are longer than that. */
export class NumericKernels {
  readonly kind = 'numeric';
  readonly distribution: Numeric;
  readonly low: number;
  readonly high: number;
  centres: Float64Array = new Float64Array(64);
  widths: Float64Array = new Float64Array(64);
  /** Indices of the observations, ascending by centre; of a stepped parameter in a long history they are not kept. */
  order: Int32Array = new Int32Array(64);
  /** Continuous, alone: the greatest density, 1 / (width * sqrt(2 pi) * share of the range). */
  heights: Float64Array = new Float64Array(64);
  /** Continuous, among others: its logarithm. */
  offsets: Float64Array = new Float64Array(64);
  /** Stepped: ids of equal kernels. */
  ids: Int32Array = new Int32Array(64);
  readonly masses: SteppedMasses | undefined;
  readonly #options: KernelOptions;
  readonly #cache: SlotCache;
  /** Of a long history. */
  #neighbours: Neighbours | undefined;
  /** How many different centres are not above that of one of the first kernels. */
  readonly #levels = new Int32Array(NETWORK_MAX);

  constructor(distribution: Numeric, options: KernelOptions) {
    this.distribution = distribution;
    [this.low, this.high] = support(distribution);
    this.#options = options;
    this.#cache = new SlotCache();
    if (distribution.step !== null) this.masses = new SteppedMasses(distribution, reach(options.dimensions));
  }

  fit(column: Column, selection: Selection): void {
    const { slots, n } = selection;
    if (n + 1 > this.centres.length) this.#grow(n + 1);
    for (let i = 0; i < n; i++) this.centres[i] = column.centres[slots[i]!]!;
    if (this.#isLong(n)) this.#followWidths(column, selection);
    else this.#fitWidths(column, selection);
    this.centres[n] = 0.5 * (this.low + this.high);
    this.widths[n] = this.high - this.low;
    this.#cache.reserve(column.centres.length);
    if (this.masses === undefined) this.#fitDensities(slots, n);
    else this.#fitIds(this.masses, slots, n);
  }

  /** Where equal values are in the order of their trials, and one more trial does not change the least width. */
  #isLong(n: number): boolean {
    return n > NETWORK_MAX && this.#options.argsort === 'simd' && this.#options.scottDimensions === undefined;
  }

  #followWidths(column: Column, selection: Selection): void {
    const { slots, n } = selection;
    this.#neighbours ??= new Neighbours(this.low, this.high);
    this.#neighbours.follow(column, selection, leastWidth(n, this.high - this.low));
    const { widths } = this.#neighbours;
    for (let i = 0; i < n; i++) this.widths[i] = widths[slots[i]!]!;
    if (this.masses === undefined) this.#neighbours.ordered(selection, this.order);
  }

  #fitWidths(column: Column, selection: Selection): void {
    const { n } = selection;
    const { scottDimensions } = this.#options;
    this.#sort(column, selection);
    if (scottDimensions !== undefined) {
      this.widths.fill(scottWidth(n, scottDimensions, this.high - this.low), 0, n);
      return;
    }
    neighbourWidths(this.centres, this.order, n, this.low, this.high, this.widths);
  }

  /** The column's own order is numpy's as long as no value repeats, and beyond the length at which numpy's is known. */
  #sort(column: Column, { ranks, n, count }: Selection): void {
    const kind = this.#options.argsort;
    if (n <= FEW) {
      this.order.set(argsort(kind, this.centres, n));
      return;
    }
    const [centres, order, levels, ascending] = [this.centres, this.order, this.#levels, column.order];
    let at = 0;
    let level = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const rank = ranks[ascending[i]!]!;
      if (rank < 0) continue;
      const centre = centres[rank]!;
      if (centre !== last) level++;
      last = centre;
      if (rank < NETWORK_MAX) levels[rank] = level;
      order[at++] = rank;
    }
    if (level === n) return;
    if (kind === 'scalar') order.set(argsort(kind, centres, n));
    else if (n <= NETWORK_MAX) order.set(network(levels, n));
  }

  /** What a mixture of several parameters needs of the only one. */
  fillOffsets(n: number): void {
    for (let k = 0; k <= n; k++) this.offsets[k] = this.#offset(this.centres[k]!, this.widths[k]!);
  }

  #fitDensities(slots: Int32Array, n: number): void {
    const cache = this.#cache;
    const alone = this.#options.dimensions === 1;
    const out = alone ? this.heights : this.offsets;
    for (let i = 0; i <= n; i++) {
      const slot = slots[i]!;
      const centre = this.centres[i]!;
      const width = this.widths[i]!;
      if (i < n && cache.has(slot, centre, width)) {
        out[i] = cache.results[slot]!;
        continue;
      }
      const offset = this.#offset(centre, width);
      out[i] = alone ? Math.exp(offset) : offset;
      if (i < n) cache.put(slot, centre, width, out[i]!);
    }
  }

  #offset(centre: number, width: number): number {
    const a = (this.low - centre) / width;
    const b = (this.high - centre) / width;
    return a === b ? Number.NaN : -LOG_SQRT_2PI - logGaussMass(a, b) - Math.log(width);
  }

  #fitIds(masses: SteppedMasses, slots: Int32Array, n: number): void {
    const cache = this.#cache;
    // With fewer than a hundred observations the narrowest width changes with their number, and most kernels with it.
    if (masses.isFull() || (n < 98 && n !== this.#fittedTo)) {
      masses.clear();
      cache.clear();
    }
    this.#fittedTo = n;
    for (let i = 0; i < n; i++) {
      const slot = slots[i]!;
      const centre = this.centres[i]!;
      const width = this.widths[i]!;
      if (!cache.has(slot, centre, width)) cache.put(slot, centre, width, masses.idOf(centre, width));
      this.ids[i] = cache.results[slot]!;
    }
    this.ids[n] = masses.idOf(this.centres[n]!, this.widths[n]!);
  }
  #fittedTo = -1;

  #grow(needed: number): void {
    const length = Math.max(needed, 2 * this.centres.length);
    this.centres = new Float64Array(length);
    this.widths = new Float64Array(length);
    this.order = new Int32Array(length);
    if (this.masses === undefined) {
      this.heights = new Float64Array(length);
      this.offsets = new Float64Array(length);
    } else this.ids = new Int32Array(length);
  }
}

/** What was last worked out for the kernel of a slot; most kernels stay the same from one suggestion to the next. */
class SlotCache {
  #centres = new Float64Array(0);
  #widths = new Float64Array(0);
  results: Float64Array = new Float64Array(0);

  reserve(slots: number): void {
    if (slots <= this.results.length) return;
    this.#centres = new Float64Array(slots);
    this.#widths = new Float64Array(slots);
    this.results = new Float64Array(slots);
  }

  has(slot: number, centre: number, width: number): boolean {
    // A width is never 0, so an empty entry matches nothing.
    return this.#widths[slot] === width && this.#centres[slot] === centre;
  }

  put(slot: number, centre: number, width: number, result: number): void {
    this.#centres[slot] = centre;
    this.#widths[slot] = width;
    this.results[slot] = result;
  }

  clear(): void {
    this.#widths.fill(0);
  }
}

/** An observation's kernel favours its choice; the prior, which has none, has the index after the last choice. */
export class CategoricalKernels {
  readonly kind = 'categorical';
  readonly distribution: Categorical;
  choices: Int32Array = new Int32Array(64);
  /** The probabilities of an observation's own choice and of each other, and of any under the prior. */
  own = 0;
  other = 0;
  readonly any: number;

  constructor(distribution: Categorical) {
    this.distribution = distribution;
    this.any = 1 / distribution.choices.length;
  }

  fit(column: Column, { slots, n }: Selection): void {
    const size = this.distribution.choices.length;
    if (n + 1 > this.choices.length) this.choices = new Int32Array(Math.max(n + 1, 2 * this.choices.length));
    for (let i = 0; i < n; i++) this.choices[i] = column.values[slots[i]!]!;
    this.choices[n] = size;
    const smoothing = 1 / (n + 1);
    const sum = 1 + size * smoothing;
    this.own = (1 + smoothing) / sum;
    this.other = smoothing / sum;
  }
}

export type Kernels = NumericKernels | CategoricalKernels;

/**
 * How far from its centre, in widths, a kernel still matters beside the prior: its density is less than 150 times the
 * prior's there in every dimension, and e^-37 in comparison is less than rounding.
 */
function reach(dimensions: number): number {
  return Math.sqrt(2 * (37 + Math.log(1e6) + 5 * dimensions));
}
