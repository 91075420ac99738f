import { clip } from './distribution.js';
import type { CategoricalKernels, Kernels, NumericKernels } from './kernels.js';
import type { MersenneTwister } from './mersenne-twister.js';
import { truncatedQuantiles } from './normal.js';
import { pairwiseSum } from './pairwise-sum.js';
import { roundEven } from './rounding.js';

/**
 * Draws candidates from a mixture of kernels: first each one's kernel, then all choices, then all numbers, each
 * parameter in its turn. Every operation is Optuna's, for the values that come out are compared to the last digit.
 *
 * @param weights n + 1, unnormalized
 * @param count   how many candidates
 * @returns       internal values, by parameter
 */
export function drawCandidates(
  generator: MersenneTwister,
  kernels: readonly Kernels[],
  weights: Float64Array,
  n: number,
  count: number,
): Float64Array[] {
  const sum = pairwiseSum(weights, 0, n + 1);
  const active = new Int32Array(count);
  generator.choose(
    weights.subarray(0, n + 1).map((weight) => weight / sum),
    active,
  );
  const out = kernels.map(() => new Float64Array(count));
  for (const [d, kernel] of kernels.entries()) {
    if (kernel.kind === 'categorical') drawChoices(generator, kernel, n, active, out[d]!);
  }
  drawNumbers(generator, kernels, active, out);
  return out;
}

function drawChoices(
  generator: MersenneTwister,
  { distribution, choices }: CategoricalKernels,
  n: number,
  active: Int32Array,
  out: Float64Array,
): void {
  const size = distribution.choices.length;
  const rows: Float64Array[] = [];
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

function cumulativeRow(size: number, n: number, own: number): Float64Array {
  const row = new Float64Array(size).fill(1 / (n === 0 ? size : n + 1));
  if (own < size) row[own]! += 1;
  const total = n === 0 ? 1 : pairwiseSum(row);
  let sum = 0;
  for (let choice = 0; choice < size; choice++) row[choice] = sum += row[choice]! / total;
  row[size - 1] = 1;
  return row;
}

function drawNumbers(
  generator: MersenneTwister,
  kernels: readonly Kernels[],
  active: Int32Array,
  out: readonly Float64Array[],
): void {
  const numeric = kernels.flatMap((kernel, d) => (kernel.kind === 'numeric' ? [[kernel, out[d]!] as const] : []));
  const total = numeric.length * active.length;
  if (total === 0) return;
  const [q, a, b] = [new Float64Array(total), new Float64Array(total), new Float64Array(total)];
  let at = 0;
  for (const [{ centres, widths, low, high }] of numeric) {
    for (const index of active) {
      q[at] = generator.random();
      a[at] = (low - centres[index]!) / widths[index]!;
      b[at] = (high - centres[index]!) / widths[index]!;
      at++;
    }
  }
  truncatedQuantiles(q, a, b, total);
  for (const [j, [kernel, values]] of numeric.entries()) {
    for (let i = 0; i < active.length; i++) {
      const index = active[i]!;
      const x = q[j * active.length + i]! * kernel.widths[index]! + kernel.centres[index]!;
      values[i] = toValue(kernel, x);
    }
  }
}

function toValue({ distribution: { low, high, step, log } }: NumericKernels, x: number): number {
  const value = log ? Math.exp(x) : x;
  return step === null ? value : clip(low + roundEven((value - low) / step) * step, low, high);
}
