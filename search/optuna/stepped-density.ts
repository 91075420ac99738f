import { totalWeight } from './kernel-weights.js';
import type { NumericKernels } from './kernels.js';
import type { MixtureDensity } from './mixture.js';
import type { SteppedMasses } from './stepped-masses.js';

/** One stepped parameter: equal kernels are one with their weights added up. */
export class SteppedDensity implements MixtureDensity {
  readonly #kernels: NumericKernels;
  readonly #masses: SteppedMasses;
  /** By kernel id, and the ids that have any. */
  #weights = new Float64Array(64);
  #present = new Int32Array(64);
  #count = 0;
  #total = 0;

  constructor(kernels: NumericKernels, masses: SteppedMasses) {
    this.#kernels = kernels;
    this.#masses = masses;
  }

  prepare(weights: Float64Array, n: number): void {
    if (this.#weights.length < this.#masses.count) {
      this.#weights = new Float64Array(2 * this.#masses.count);
      this.#present = new Int32Array(2 * this.#masses.count);
    }
    const [byId, present] = [this.#weights.fill(0), this.#present];
    const { ids } = this.#kernels;
    let count = 0;
    for (let k = 0; k <= n; k++) {
      const id = ids[k]!;
      // Weights are above 0, so a sum of 0 means that there was none before.
      if (byId[id] === 0) present[count++] = id;
      byId[id]! += weights[k]!;
    }
    this.#count = count;
    this.#total = totalWeight(weights, n);
  }

  logDensity(candidates: readonly Float64Array[], i: number): number {
    const row = this.#masses.rowOf(candidates[0]![i]!);
    const [masses, weights, present] = [row.masses, this.#weights, this.#present];
    let sum = 0;
    for (let j = 0; j < this.#count; j++) {
      const id = present[j]!;
      const mass = masses[id]!;
      sum += weights[id]! * (mass >= 0 ? mass : this.#masses.fill(row, id));
    }
    return Math.log(sum / this.#total);
  }
}
