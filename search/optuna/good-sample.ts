import { clip } from './distribution.js';
import type { CategoricalKernels, Kernels, NumericKernels } from './kernels.js';
import type { MersenneTwister } from './mersenne-twister.js';
import { Truncations, truncatedQuantiles } from './normal.js';
import { pairwiseSum } from './pairwise-sum.js';
import { roundEven } from './rounding.js';

/**
 * Draws candidates from a mixture of kernels: first each one's kernel, then all choices, then all numbers, each
 * parameter in its turn. Every operation is Optuna's, for the values that come out are compared to the last digit. An
 * object of it draws again and again into the same arrays.
 */
export class CandidateDraws {
  readonly #kernels: readonly Kernels[];
  readonly #out: Float64Array[];
  #active = new Int32Array(0);
  #probabilities = new Float64Array(0);
  #q = new Float64Array(0);
  /** Of each draw: the number of its kernel's truncation, which is the same as long as the kernels are. */
  #which = new Int32Array(0);
  readonly #truncations = new Truncations();
  #stride = 0;

  constructor(kernels: readonly Kernels[]) {
    this.#kernels = kernels;
    this.#out = kernels.map(() => new Float64Array(0));
  }

  /**
   * @param weights n + 1, unnormalized
   * @param count   how many candidates
   * @returns       internal values, by parameter; valid until the next call
   */
  draw(generator: MersenneTwister, weights: Float64Array, n: number, count: number): readonly Float64Array[] {
    this.#reserve(n, count);
    const sum = pairwiseSum(weights, 0, n + 1);
    for (let k = 0; k <= n; k++) this.#probabilities[k] = weights[k]! / sum;
    generator.choose(this.#probabilities, n + 1, this.#active);
    for (const [d, kernel] of this.#kernels.entries()) {
      if (kernel.kind === 'categorical') drawChoices(generator, kernel, n, this.#active, this.#out[d]!);
    }
    this.#drawNumbers(generator);
    return this.#out;
  }

  #drawNumbers(generator: MersenneTwister): void {
    const [q, which, truncations] = [this.#q, this.#which, this.#truncations];
    let drawn = 0;
    for (const [d, kernel] of this.#kernels.entries()) {
      if (kernel.kind !== 'numeric') continue;
      const { centres, widths, low, high } = kernel;
      for (const index of this.#active) {
        const truncation = d * this.#stride + index;
        truncations.set(
          truncation,
          (low - centres[index]!) / widths[index]!,
          (high - centres[index]!) / widths[index]!,
        );
        q[drawn] = generator.random();
        which[drawn++] = truncation;
      }
    }
    truncatedQuantiles(q, truncations, which, drawn);
    let at = 0;
    for (const [d, kernel] of this.#kernels.entries()) {
      if (kernel.kind !== 'numeric') continue;
      for (const [i, index] of this.#active.entries()) {
        const x = q[at++]! * kernel.widths[index]! + kernel.centres[index]!;
        this.#out[d]![i] = toValue(kernel, x);
      }
    }
  }

  #reserve(n: number, count: number): void {
    if (this.#probabilities.length <= n) {
      this.#stride = 2 * n + 2;
      this.#probabilities = new Float64Array(this.#stride);
      this.#truncations.reserve(this.#stride * this.#kernels.length);
    }
    if (this.#active.length === count) return;
    this.#active = new Int32Array(count);
    for (const d of this.#out.keys()) this.#out[d] = new Float64Array(count);
    const numbers = count * this.#kernels.length;
    this.#q = new Float64Array(numbers);
    this.#which = new Int32Array(numbers);
  }
}

function drawChoices(
  generator: MersenneTwister,
  { distribution, choices }: CategoricalKernels,
  n: number,
  active: Int32Array,
  out: Float64Array,
): void {
  const size = distribution.choices.length;
  const rows: number[][] = [];
  for (let i = 0; i < active.length; i++) {
    const own = choices[active[i]!]!;
    rows[own] ??= cumulativeRow(size, n, own);
    const cumulative = rows[own];
    const u = generator.random();
    let below = 0;
    for (let choice = 0; choice < size; choice++) if (cumulative[choice]! < u) below++;
    out[i] = below;
  }
}

function cumulativeRow(size: number, n: number, own: number): number[] {
  const row = Array.from({ length: size }, () => 1 / (n === 0 ? size : n + 1));
  if (own < size) row[own]! += 1;
  const total = n === 0 ? 1 : pairwiseSum(row);
  let sum = 0;
  for (let choice = 0; choice < size; choice++) {
    sum += row[choice]! / total;
    row[choice] = sum;
  }
  row[size - 1] = 1;
  return row;
}

function toValue({ distribution: { low, high, step, log } }: NumericKernels, x: number): number {
  const value = log ? Math.exp(x) : x;
  return step === null ? value : clip(low + roundEven((value - low) / step) * step, low, high);
}
