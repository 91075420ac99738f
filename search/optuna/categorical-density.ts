import type { CategoricalKernels } from './kernels.js';
import type { MixtureDensity } from './mixture.js';

/** One categorical parameter: all observations of a choice are one kernel. */
export class CategoricalDensity implements MixtureDensity {
  readonly #kernels: CategoricalKernels;
  readonly #weights: Float64Array;
  #observed = 0;
  #total = 0;

  constructor(kernels: CategoricalKernels) {
    this.#kernels = kernels;
    this.#weights = new Float64Array(kernels.distribution.choices.length);
  }

  prepare(weights: Float64Array, n: number): void {
    const byChoice = this.#weights.fill(0);
    const { choices } = this.#kernels;
    for (let k = 0; k < n; k++) byChoice[choices[k]!]! += weights[k]!;
    this.#observed = byChoice.reduce((a, b) => a + b, 0);
    this.#total = this.#observed + weights[n]!;
  }

  logDensity(candidates: readonly Float64Array[], i: number): number {
    const { own, other, any } = this.#kernels;
    const mine = this.#weights[candidates[0]![i]!]!;
    const prior = this.#total - this.#observed;
    return Math.log((mine * own + (this.#observed - mine) * other + prior * any) / this.#total);
  }
}
