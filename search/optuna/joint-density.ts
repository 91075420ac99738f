import { fastExp } from './fast-exp.js';
import { totalWeight } from './kernel-weights.js';
import type { CategoricalKernels, Kernels, NumericKernels } from './kernels.js';
import type { MixtureDensity } from './mixture.js';
import type { MassRow } from './stepped-masses.js';

/** Kernels looked at together, so that what is left of them stays in the processor's nearest memory. */
const BLOCK = 1024;

/**
 * Any number of parameters, whose densities are multiplied kernel by kernel. Parameter after parameter sorts out the
 * kernels that cannot matter any more, so that few are left for those that cost most.
 */
export class JointDensity implements MixtureDensity {
  readonly #continuous: NumericKernels[] = [];
  readonly #stepped: NumericKernels[] = [];
  readonly #categorical: CategoricalKernels[] = [];
  /** Which candidate column belongs to which of the above. */
  readonly #columns: readonly [continuous: number[], stepped: number[], categorical: number[]] = [[], [], []];
  /** By continuous parameter: 1 / (2 width^2). */
  readonly #curvatures: Float64Array[] = [];
  /** By kernel: the continuous parameters' log densities at their centres, added up. */
  #offsets = new Float64Array(0);
  /** What is left of a block: kernels, and their log densities at a candidate. */
  readonly #left = new Int32Array(BLOCK);
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

  prepare(weights: Float64Array, n: number): void {
    this.#weights = weights;
    this.#n = n;
    this.#total = totalWeight(weights, n);
    if (this.#offsets.length <= n) {
      this.#offsets = new Float64Array(2 * n + 64);
      for (const d of this.#continuous.keys()) this.#curvatures[d] = new Float64Array(2 * n + 64);
    }
    const sums = this.#offsets.fill(0, 0, n + 1);
    for (const [d, { offsets, widths }] of this.#continuous.entries()) {
      const curvatures = this.#curvatures[d]!;
      for (let k = 0; k <= n; k++) {
        sums[k]! += offsets[k]!;
        curvatures[k] = 0.5 / (widths[k]! * widths[k]!);
      }
    }
  }

  logDensity(candidates: readonly Float64Array[], i: number): number {
    for (const [j, { masses }] of this.#stepped.entries()) {
      this.#rows[j] = masses!.rowOf(candidates[this.#columns[1][j]!]![i]!);
    }
    const point = this.#continuous.map(({ distribution }, d) => {
      const value = candidates[this.#columns[0][d]!]![i]!;
      return distribution.log ? Math.log(value) : value;
    });
    const choices = this.#columns[2].map((d) => candidates[d]![i]!);
    const threshold = this.#threshold(point, choices);
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let start = 0; start <= this.#n; start += BLOCK) {
      const left = this.#sift(point, start, Math.min(start + BLOCK, this.#n + 1), threshold);
      if (left === 0) continue;
      const highest = this.#highest(left);
      if (!(highest <= max)) {
        sum *= max === Number.NEGATIVE_INFINITY ? 0 : Math.exp(max - highest);
        max = highest;
      }
      sum += this.#sumOf(choices, left, max);
    }
    return max === Number.NEGATIVE_INFINITY ? max : Math.log(sum / this.#total) + max;
  }

  /** A kernel whose exponent is lower is less than rounding beside the prior, whatever its choices and steps. */
  #threshold(point: readonly number[], choices: readonly number[]): number {
    const prior = this.#n;
    const left = this.#sift(point, prior, prior + 1, Number.NEGATIVE_INFINITY);
    if (left === 0) return Number.NEGATIVE_INFINITY;
    return this.#exponents[0]! + Math.log(this.#product(choices, prior)) - 38 - Math.log(prior + 1);
  }

  /** Leaves those of the kernels start to end - 1 that may matter. @returns how many */
  #sift(point: readonly number[], start: number, end: number, threshold: number): number {
    const [offsets, kernels, exponents] = [this.#offsets, this.#left, this.#exponents];
    let left = end - start;
    for (let j = 0; j < left; j++) {
      kernels[j] = start + j;
      exponents[j] = offsets[start + j]!;
    }
    for (let d = 0; d < this.#continuous.length; d++) {
      const { centres, low, high } = this.#continuous[d]!;
      const x = point[d]!;
      const inside = x >= low && x <= high;
      if (!inside) left = this.#dropOutside(this.#continuous[d]!, x, left);
      left = siftByOne(x, centres, this.#curvatures[d]!, kernels, exponents, left, threshold);
    }
    return left;
  }

  /**
   * A candidate that rounding took out of the range has no density under those kernels whose standardized bounds still
   * tell it apart. Where that holds for all kernels of both mixtures, Optuna's difference is NaN, and NaN wins.
   */
  #dropOutside({ centres, widths, low, high }: NumericKernels, x: number, count: number): number {
    let left = 0;
    for (let j = 0; j < count; j++) {
      const k = this.#left[j]!;
      const z = (x - centres[k]!) / widths[k]!;
      if (z < (low - centres[k]!) / widths[k]! || z > (high - centres[k]!) / widths[k]!) continue;
      this.#left[left] = k;
      this.#exponents[left++] = this.#exponents[j]!;
    }
    return left;
  }

  #highest(left: number): number {
    const exponents = this.#exponents;
    let highest = exponents[0]!;
    for (let j = 1; j < left; j++) if (!(exponents[j]! <= highest)) highest = exponents[j]!;
    return highest;
  }

  #sumOf(choices: readonly number[], left: number, max: number): number {
    const [kernels, exponents, weights] = [this.#left, this.#exponents, this.#weights];
    let sum = 0;
    for (let j = 0; j < left; j++) {
      const k = kernels[j]!;
      sum += weights[k]! * this.#product(choices, k) * fastExp(exponents[j]! - max);
    }
    return sum;
  }

  /** Of the probabilities of a candidate's choices and steps under kernel k. */
  #product(candidate: readonly number[], k: number): number {
    let product = 1;
    for (let j = 0; j < this.#categorical.length; j++) {
      const { choices, own, other, any } = this.#categorical[j]!;
      if (k === this.#n) product *= any;
      else product *= choices[k] === candidate[j] ? own : other;
    }
    for (let j = 0; j < this.#stepped.length; j++) {
      const { ids, masses } = this.#stepped[j]!;
      const row = this.#rows[j]!;
      const mass = row.masses[ids[k]!]!;
      product *= mass >= 0 ? mass : masses!.fill(row, ids[k]!);
    }
    return product;
  }
}

/** Takes one parameter's squares off the exponents. @returns how many are not below the threshold, in front */
function siftByOne(
  x: number,
  centres: Float64Array,
  curvatures: Float64Array,
  kernels: Int32Array,
  exponents: Float64Array,
  count: number,
  threshold: number,
): number {
  let left = 0;
  for (let j = 0; j < count; j++) {
    const k = kernels[j]!;
    const distance = x - centres[k]!;
    const exponent = exponents[j]! - distance * distance * curvatures[k]!;
    kernels[left] = k;
    exponents[left] = exponent;
    if (!(exponent < threshold)) left++;
  }
  return left;
}
