import { totalWeight } from './kernel-weights.js';
import type { NumericKernels } from './kernels.js';
import type { MixtureDensity } from './mixture.js';
import type { SteppedMasses } from './stepped-masses.js';

/** Kernels added up between two looks at whether that is enough. */
const CHUNK = 64;

/** One stepped parameter: equal kernels are one with their weights added up. */
export class SteppedDensity implements MixtureDensity {
  readonly #kernels: NumericKernels;
  readonly #masses: SteppedMasses;
  /** By kernel id, and the ids that have any. */
  #weights = new Float64Array(64);
  #present = new Int32Array(64);
  #count = 0;
  #total = 0;
  readonly #densities = new Map<number, number>();

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
    this.#densities.clear();
    this.#total = totalWeight(weights, n);
  }

  logDensity(candidates: readonly Float64Array[], i: number, enough: number): number {
    const value = candidates[0]![i]!;
    // There are few values and many candidates.
    const known = this.#densities.get(value);
    if (known !== undefined) return known;
    const row = this.#masses.rowOf(value);
    const [masses, weights, present] = [row.masses, this.#weights, this.#present];
    const most = Math.exp(enough) * this.#total;
    let sum = 0;
    for (let start = 0; start < this.#count; start += CHUNK) {
      const end = Math.min(start + CHUNK, this.#count);
      for (let j = start; j < end; j++) {
        const id = present[j]!;
        const mass = masses[id]!;
        sum += weights[id]! * (mass >= 0 ? mass : this.#masses.fill(row, id));
      }
      if (sum > most && end < this.#count) return Math.log(sum / this.#total);
    }
    const density = Math.log(sum / this.#total);
    this.#densities.set(value, density);
    return density;
  }
}
