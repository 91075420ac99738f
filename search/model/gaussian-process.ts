import type { Code } from './codec.js';
import { dot } from './dot.js';
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
  readonly #kernel: Kernel;
  /** Parameters in the order that places have here: the numeric ones, then the categorical ones from `#split` on. */
  readonly #order: Int32Array;
  readonly #split: number;
  /** In that order, what differences are multiplied with before they are squared, or the weight of different choices. */
  readonly #factors: Float64Array;
  /** Row-major: places times their factors, and the lower triangle of the Cholesky factor without gaps. */
  readonly #places: Float64Array;
  readonly #factor: Float64Array;
  /** L^-1 y and K^-1 y. */
  readonly #whitened: Float64Array;
  readonly #coefficients: Float64Array;
  /** By row, the share of its similarity's square that it takes from the variance elsewhere. */
  readonly #certainties: Float64Array;
  readonly #place: Float64Array;
  readonly #column: Float64Array;
  #size = 0;
  #variance = 1;

  constructor(shape: Shape, kernel: Kernel, capacity: number) {
    this.capacity = capacity;
    this.#shape = shape;
    this.#kernel = kernel;
    this.#order = Int32Array.from([...shape.keys()].sort((a, b) => Number(shape[a]) - Number(shape[b]) || a - b));
    this.#split = shape.filter((categorical) => !categorical).length;
    this.#factors = Float64Array.from(this.#order, (index) =>
      shape[index] ? kernel.weights[index]! : Math.sqrt(kernel.weights[index]!),
    );
    this.#places = new Float64Array(capacity * shape.length);
    this.#factor = new Float64Array((capacity * (capacity + 1)) / 2);
    this.#whitened = new Float64Array(capacity);
    this.#coefficients = new Float64Array(capacity);
    this.#certainties = new Float64Array(capacity);
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

  /**
   * Adds a row; O(n^2) for n rows.
   *
   * @param doubt how much noisier its value is than others', as a share of the process's own variance
   */
  append(code: Code, doubt = 0): void {
    const n = this.#size;
    const row = rowStart(n);
    this.#similarities(code, this.#column);
    const rest = this.#forward(this.#column, this.#factor, row, Number.NEGATIVE_INFINITY);
    this.#places.set(this.#place, n * this.#place.length);
    const noise = this.#kernel.noise + doubt;
    // Rounding can eat what little two equal rows leave; the noise is the least that is left.
    this.#factor[row + n] = Math.sqrt(Math.max(rest + noise, 0.5 * noise));
    this.#certainties[n] = 1 / (1 + noise);
    this.#size++;
  }

  /**
   * Says what the rows' values are, in order. `told` is given what the rows before this one lead to expect, and may
   * return it for a row that has no value yet: then that row teaches the model nothing but that it has been looked at.
   */
  observe(told: (row: number, expected: number) => number): void {
    const n = this.#size;
    let sum = 0;
    let known = 0;
    for (let i = 0; i < n; i++) {
      const row = rowStart(i);
      const expected = dot(this.#factor, row, this.#whitened, 0, i);
      const surprise = (told(i, expected) - expected) / this.#factor[row + i]!;
      this.#whitened[i] = surprise;
      sum += surprise * surprise;
      if (surprise !== 0) known++;
    }
    // The maximum likelihood estimate, kept from falling to nothing when all values are equal.
    this.#variance = Math.max(sum / Math.max(known, 1), 1e-6);
    for (let i = n - 1; i >= 0; i--) this.#coefficients[i] = this.#whitened[i]!;
    for (let i = n - 1; i >= 0; i--) {
      const row = rowStart(i);
      const coefficient = this.#coefficients[i]! / this.#factor[row + i]!;
      this.#coefficients[i] = coefficient;
      for (let j = 0; j < i; j++) this.#coefficients[j]! -= coefficient * this.#factor[row + j]!;
    }
  }

  /**
   * The lower confidence bound, mean - width * standard deviation, at a code; or Infinity as soon as it is clear that it
   * is not below `limit`.
   *
   * The whole variance costs O(n^2). But more rows never make a process less certain: the one row that is most alike
   * already bounds the variance at O(n), and so does each step of the solution, so that most codes are out early.
   */
  lowerBound(code: Code, width: number, limit: number): number {
    const closest = this.#similarities(code, this.#column);
    const mean = dot(this.#column, 0, this.#coefficients, 0, this.#size);
    // Below this much variance the bound cannot get under the limit any more.
    const shortfall = Math.max(0, mean - limit) / width;
    const least = (shortfall * shortfall) / this.#variance;
    if (1 - closest <= least) return Number.POSITIVE_INFINITY;
    const rest = this.#forward(this.#column, this.#column, 0, least);
    return rest <= least ? Number.POSITIVE_INFINITY : mean - width * Math.sqrt(Math.max(rest, 0) * this.#variance);
  }

  /**
   * Similarity of a code to every row, in `out`. Leaves the code's place in `#place`.
   *
   * @returns the most that any single row takes from the variance there
   */
  #similarities(code: Code, out: Float64Array): number {
    const place = this.#place;
    const places = this.#places;
    const factors = this.#factors;
    const split = this.#split;
    const dimensions = place.length;
    for (let k = 0; k < dimensions; k++) {
      const index = this.#order[k]!;
      place[k] = toPlace(this.#shape[index]!, code[index]!) * (k < split ? factors[k]! : 1);
    }
    let closest = 0;
    for (let i = 0, at = 0; i < this.#size; i++, at += dimensions) {
      let r = 0;
      for (let k = 0; k < split; k++) {
        const difference = place[k]! - places[at + k]!;
        r += difference * difference;
      }
      for (let k = split; k < dimensions; k++) if (place[k] !== places[at + k]) r += factors[k]!;
      const alike = similarity(r);
      out[i] = alike;
      closest = Math.max(closest, alike * alike * this.#certainties[i]!);
    }
    return closest;
  }

  /**
   * Solves L x = column into `out` from `offset` on (in place allowed) and returns 1 - x . x; stops as soon as that is not
   * above `least`.
   */
  #forward(column: Float64Array, out: Float64Array, offset: number, least: number): number {
    const factor = this.#factor;
    const size = this.#size;
    let rest = 1;
    for (let i = 0, row = 0; i < size && rest > least; i++, row += i) {
      const solved = (column[i]! - dot(factor, row, out, offset, i)) / factor[row + i]!;
      out[offset + i] = solved;
      rest -= solved * solved;
    }
    return rest;
  }
}

/** Rows of a lower triangle stand one behind the other without gaps, so that the factor fits into the nearest cache. */
function rowStart(row: number): number {
  return (row * (row + 1)) / 2;
}
