import { fastExp } from './fast-exp.js';
import type { CategoricalKernels, Kernels, NumericKernels } from './kernels.js';
import type { MassRow } from './stepped-masses.js';

const BLOCK = 512;

/**
 * The logarithm of a mixture's density at candidates, which decides the winner among them. Optuna adds up logarithms;
 * here probabilities are multiplied and kernels that are nothing beside the prior are left out, which agrees to about
 * 1e-13 and costs a tenth.
 */
export class MixtureDensity {
  readonly #continuous: NumericKernels[] = [];
  readonly #stepped: NumericKernels[] = [];
  readonly #categorical: CategoricalKernels[] = [];
  /** Which candidate column belongs to which of the above. */
  readonly #columns: readonly [continuous: number[], stepped: number[], categorical: number[]] = [[], [], []];
  /** By continuous parameter: 1 / (2 width^2). */
  readonly #curvatures: Float64Array[] = [];
  #offsets = new Float64Array(0);
  readonly #exponents = new Float64Array(BLOCK);
  readonly #rows: MassRow[] = [];
  #weights: Float64Array = new Float64Array(0);
  #total = 0;
  #n = 0;

  constructor(kernels: readonly Kernels[]) {
    for (const [d, kernel] of kernels.entries()) {
      if (kernel.kind === 'categorical') this.#columns[2][this.#categorical.push(kernel) - 1] = d;
      else if (kernel.masses !== undefined) this.#columns[1][this.#stepped.push(kernel) - 1] = d;
      else this.#columns[0][this.#continuous.push(kernel) - 1] = d;
    }
  }

  /** To be called whenever the kernels have been fitted. @param weights n + 1, unnormalized */
  prepare(weights: Float64Array, n: number): void {
    this.#weights = weights;
    this.#n = n;
    this.#total = 0;
    for (let k = 0; k <= n; k++) this.#total += weights[k]!;
    if (this.#offsets.length <= n) this.#offsets = new Float64Array(2 * n + 64);
    this.#offsets.fill(0, 0, n + 1);
    for (const [d, { offsets, widths }] of this.#continuous.entries()) {
      if ((this.#curvatures[d]?.length ?? 0) <= n) this.#curvatures[d] = new Float64Array(2 * n + 64);
      const curvatures = this.#curvatures[d]!;
      for (let k = 0; k <= n; k++) {
        this.#offsets[k]! += offsets[k]!;
        curvatures[k] = 0.5 / (widths[k]! * widths[k]!);
      }
    }
  }

  /** @param candidates internal values by parameter; @param i which one of them */
  logDensity(candidates: readonly Float64Array[], i: number): number {
    for (const [j, { masses }] of this.#stepped.entries()) {
      this.#rows[j] = masses!.rowOf(candidates[this.#columns[1][j]!]![i]!);
    }
    const threshold = this.#threshold(candidates, i);
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let start = 0; start <= this.#n; start += BLOCK) {
      const end = Math.min(start + BLOCK, this.#n + 1);
      const highest = this.#exponentsOf(candidates, i, start, end);
      if (highest < threshold) continue;
      if (highest > max) {
        sum *= Math.exp(max - highest);
        max = highest;
      }
      sum += this.#sumOf(candidates, i, start, end, max, threshold);
    }
    return max === Number.NEGATIVE_INFINITY ? max : Math.log(sum / this.#total) + max;
  }

  /** A kernel whose exponent is lower than this is less than rounding beside the prior, whatever its choices and steps. */
  #threshold(candidates: readonly Float64Array[], i: number): number {
    const prior = this.#n;
    const exponent = this.#exponentsOf(candidates, i, prior, prior + 1);
    return exponent + Math.log(this.#product(candidates, i, prior)) - 38 - Math.log(prior + 1);
  }

  /** Puts the continuous parameters' log densities of kernels start to end - 1 into `#exponents`. @returns the highest */
  #exponentsOf(candidates: readonly Float64Array[], i: number, start: number, end: number): number {
    const exponents = this.#exponents;
    const n = end - start;
    const offsets = this.#offsets;
    for (let k = 0; k < n; k++) exponents[k] = offsets[start + k]!;
    for (let d = 0; d < this.#continuous.length; d++) {
      const { centres, distribution, low, high } = this.#continuous[d]!;
      const value = candidates[this.#columns[0][d]!]![i]!;
      const x = distribution.log ? Math.log(value) : value;
      const curvatures = this.#curvatures[d]!;
      for (let k = 0; k < n; k++) {
        const distance = x - centres[start + k]!;
        exponents[k]! -= distance * distance * curvatures[start + k]!;
      }
      if (!(x >= low && x <= high)) this.#leaveOutside(this.#continuous[d]!, x, start, end);
    }
    let highest = exponents[0]!;
    for (let k = 1; k < n; k++) if (!(exponents[k]! <= highest)) highest = exponents[k]!;
    return highest;
  }

  /**
   * A candidate that rounding took out of the range has no density under those kernels whose standardized bounds still
   * tell it apart. Where that holds for all kernels of both mixtures, Optuna's difference is NaN, and NaN wins.
   */
  #leaveOutside({ centres, widths, low, high }: NumericKernels, x: number, start: number, end: number): void {
    for (let k = start; k < end; k++) {
      const z = (x - centres[k]!) / widths[k]!;
      const outside = z < (low - centres[k]!) / widths[k]! || z > (high - centres[k]!) / widths[k]!;
      if (outside) this.#exponents[k - start] = Number.NEGATIVE_INFINITY;
    }
  }

  #sumOf(
    candidates: readonly Float64Array[],
    i: number,
    start: number,
    end: number,
    max: number,
    threshold: number,
  ): number {
    const exponents = this.#exponents;
    let sum = 0;
    for (let k = start; k < end; k++) {
      const exponent = exponents[k - start]!;
      if (exponent < threshold) continue;
      sum += this.#weights[k]! * this.#product(candidates, i, k) * fastExp(exponent - max);
    }
    return sum;
  }

  /** Of the probabilities of the candidate's choices and steps under kernel k. */
  #product(candidates: readonly Float64Array[], i: number, k: number): number {
    let product = 1;
    for (let j = 0; j < this.#stepped.length; j++) {
      const { ids, masses } = this.#stepped[j]!;
      const row = this.#rows[j]!;
      const mass = row.masses[ids[k]!]!;
      product *= mass >= 0 ? mass : masses!.fill(row, ids[k]!);
    }
    for (let j = 0; j < this.#categorical.length; j++) {
      const { choices, own, other, any } = this.#categorical[j]!;
      if (k === this.#n) product *= any;
      else product *= choices[k] === candidates[this.#columns[2][j]!]![i] ? own : other;
    }
    return product;
  }
}
