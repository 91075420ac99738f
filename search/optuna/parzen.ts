import { CategoricalDensity } from './categorical-density.js';
import { ContinuousDensity } from './continuous-density.js';
import type { Distribution } from './distribution.js';
import { CandidateDraws } from './good-sample.js';
import { JointDensity } from './joint-density.js';
import { kernelWeights } from './kernel-weights.js';
import { CategoricalKernels, type KernelOptions, type Kernels, NumericKernels } from './kernels.js';
import type { MersenneTwister } from './mersenne-twister.js';
import type { MixtureDensity } from './mixture.js';
import type { ObservationTable, Selection } from './observations.js';
import { SteppedDensity } from './stepped-density.js';

/**
 * A Parzen estimator over the parameters of a table: a kernel around each selected observation and a wide one over the
 * whole range. One object is fitted again and again, since most of what it works out stays true.
 *
 * @see Bergstra et al. 2011, section 4; bandwidths and weights as in Optuna 5 `_parzen_estimator.py`
 */
export class ParzenEstimator {
  readonly kernels: readonly Kernels[];
  weights: Float64Array = new Float64Array(64);
  readonly #draws: CandidateDraws;
  readonly #density: MixtureDensity;
  #n = 0;

  constructor(space: ReadonlyMap<string, Distribution>, options: KernelOptions) {
    this.kernels = Array.from(space.values(), (distribution) =>
      distribution.type === 'categorical'
        ? new CategoricalKernels(distribution)
        : new NumericKernels(distribution, options),
    );
    this.#draws = new CandidateDraws(this.kernels);
    this.#density = densityOf(this.kernels);
  }

  fit(table: ObservationTable, selection: Selection): void {
    this.#n = selection.n;
    if (this.#n + 1 > this.weights.length) this.weights = new Float64Array(2 * this.#n + 2);
    kernelWeights(this.#n, this.weights);
    for (const [d, column] of table.columns.entries()) this.kernels[d]!.fit(column, selection);
    this.#density.prepare(this.weights, this.#n);
  }

  /** @returns internal values, by parameter; valid until the next call */
  sample(generator: MersenneTwister, count: number): readonly Float64Array[] {
    return this.#draws.draw(generator, this.weights, this.#n, count);
  }

  /** As that of a `MixtureDensity`. */
  logDensity(candidates: readonly Float64Array[], i: number, enough: number = Number.POSITIVE_INFINITY): number {
    return this.#density.logDensity(candidates, i, enough);
  }
}

function densityOf(kernels: readonly Kernels[]): MixtureDensity {
  const [only] = kernels;
  if (only === undefined || kernels.length > 1) return new JointDensity(kernels);
  if (only.kind === 'categorical') return new CategoricalDensity(only);
  return only.masses === undefined ? new ContinuousDensity(only) : new SteppedDensity(only, only.masses);
}
