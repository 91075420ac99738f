import type { Code } from './codec.js';
import { type Kernel, type Shape, similarity, toPlace } from './kernel.js';

/**
 * Gaussian process regression with a zero mean (Rasmussen and Williams 2006, algorithm 2.1) that grows by a row at a
 * time: the Cholesky factor of the first n rows is the corner of that of n + 1, to the last bit. So a process that was
 * extended trial by trial is the one that would have been built at once.
 */
export class GaussianProcess {
  /** Rows that fit. */
  readonly capacity: number;
  readonly #shape: Shape;
  readonly #dimensions: number;
  readonly #numeric: Int32Array;
  readonly #categorical: Int32Array;
  readonly #kernel: Kernel;
  /** Row-major: places, and the lower triangle of the factor. */
  readonly #places: Float64Array;
  readonly #factor: Float64Array;
  /** L^-1 y and K^-1 y. */
  readonly #whitened: Float64Array;
  readonly #coefficients: Float64Array;
  readonly #place: Float64Array;
  readonly #column: Float64Array;
  #size = 0;
  #variance = 1;

  constructor(shape: Shape, kernel: Kernel, capacity: number) {
    this.capacity = capacity;
    this.#shape = shape;
    this.#dimensions = shape.length;
    this.#numeric = Int32Array.from([...shape.keys()].filter((index) => !shape[index]));
    this.#categorical = Int32Array.from([...shape.keys()].filter((index) => shape[index]));
    this.#kernel = kernel;
    this.#places = new Float64Array(capacity * shape.length);
    this.#factor = new Float64Array(capacity * capacity);
    this.#whitened = new Float64Array(capacity);
    this.#coefficients = new Float64Array(capacity);
    this.#place = new Float64Array(shape.length);
    this.#column = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Forgets all rows from `size` on. */
  truncate(size: number): void {
    this.#size = Math.min(size, this.#size);
  }

  /** Adds a row; O(n^2) for n rows. */
  append(code: Code): void {
    const n = this.#size;
    const row = n * this.capacity;
    this.#similarities(code, this.#column);
    const rest = this.#forward(this.#column, this.#factor, row);
    toPlace(this.#shape, code, this.#places, n * this.#dimensions);
    // Rounding can eat what little two equal rows leave; the noise is the least that is left.
    this.#factor[row + n] = Math.sqrt(Math.max(rest + this.#kernel.noise, 0.5 * this.#kernel.noise));
    this.#size++;
  }

  /**
   * Says what the rows' values are, in order. `valueOf` is given what the rows before this one lead to expect, and may
   * return it for a row that has no value yet: then that row teaches the model nothing but that it has been looked at.
   */
  observe(valueOf: (row: number, expected: number) => number): void {
    const n = this.#size;
    let sum = 0;
    let known = 0;
    for (let i = 0; i < n; i++) {
      const row = i * this.capacity;
      let expected = 0;
      for (let j = 0; j < i; j++) expected += this.#factor[row + j]! * this.#whitened[j]!;
      const surprise = (valueOf(i, expected) - expected) / this.#factor[row + i]!;
      this.#whitened[i] = surprise;
      sum += surprise * surprise;
      if (surprise !== 0) known++;
    }
    // The maximum likelihood estimate, kept from falling to nothing when all values are equal.
    this.#variance = Math.max(sum / Math.max(known, 1), 1e-6);
    for (let i = n - 1; i >= 0; i--) this.#coefficients[i] = this.#whitened[i]!;
    for (let i = n - 1; i >= 0; i--) {
      const row = i * this.capacity;
      const coefficient = this.#coefficients[i]! / this.#factor[row + i]!;
      this.#coefficients[i] = coefficient;
      for (let j = 0; j < i; j++) this.#coefficients[j]! -= coefficient * this.#factor[row + j]!;
    }
  }

  /**
   * The lower confidence bound, mean - width * standard deviation, at a code; or Infinity as soon as it is clear that it
   * is not below `limit`.
   *
   * The whole variance costs O(n^2). The one row that is most alike already bounds it from above at O(n), because more
   * rows never make a process less certain, and most codes are out with that.
   */
  lowerBound(code: Code, width: number, limit: number): number {
    const closest = this.#similarities(code, this.#column);
    let mean = 0;
    for (let i = 0; i < this.#size; i++) mean += this.#column[i]! * this.#coefficients[i]!;
    const most = 1 - (closest * closest) / (1 + this.#kernel.noise);
    if (mean - width * Math.sqrt(most * this.#variance) >= limit) return Number.POSITIVE_INFINITY;
    const rest = this.#forward(this.#column, this.#column, 0);
    return mean - width * Math.sqrt(Math.max(rest, 0) * this.#variance);
  }

  /** Similarity of a code to every row, in `out`; returns the largest. */
  #similarities(code: Code, out: Float64Array): number {
    const { weights } = this.#kernel;
    const place = this.#place;
    const places = this.#places;
    const numeric = this.#numeric;
    const categorical = this.#categorical;
    toPlace(this.#shape, code, place, 0);
    let closest = 0;
    for (let i = 0, at = 0; i < this.#size; i++, at += this.#dimensions) {
      let r = 0;
      for (let k = 0; k < numeric.length; k++) {
        const j = numeric[k]!;
        const difference = place[j]! - places[at + j]!;
        r += weights[j]! * difference * difference;
      }
      for (let k = 0; k < categorical.length; k++) {
        const j = categorical[k]!;
        if (place[j] !== places[at + j]) r += weights[j]!;
      }
      const alike = similarity(r);
      out[i] = alike;
      if (alike > closest) closest = alike;
    }
    return closest;
  }

  /** Solves L x = column into `out` from `offset` on (in place allowed) and returns 1 - x . x. */
  #forward(column: Float64Array, out: Float64Array, offset: number): number {
    const factor = this.#factor;
    let rest = 1;
    for (let i = 0; i < this.#size; i++) {
      const row = i * this.capacity;
      let sum = column[i]!;
      for (let j = 0; j < i; j++) sum -= factor[row + j]! * out[offset + j]!;
      sum /= factor[row + i]!;
      out[offset + i] = sum;
      rest -= sum * sum;
    }
    return rest;
  }
}
