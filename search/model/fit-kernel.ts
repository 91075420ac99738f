import type { Code } from './codec.js';
import { dot } from './dot.js';
import { distance, type Kernel, type Shape, similarity, toPlace } from './kernel.js';

/** What is assumed before there is any data: alike within about 0.4 of a scale, and little noise. */
export function defaultKernel(shape: Shape): Kernel {
  return { weights: Float64Array.from(shape, (categorical) => priorWeight(shape, categorical)), noise: PRIOR_NOISE };
}

const PRIOR_NOISE = 0.01;
const LEAST_NOISE = 1e-4;
/** Standard deviation of the logarithm of a weight, and of the noise, under the prior. */
const PRIOR_SPREAD = 1.5;

/** With many parameters each one counts for less, or no two configurations would have anything in common. */
function priorWeight(shape: Shape, categorical: boolean): number {
  return (categorical ? 1 : 6) * Math.min(1, 8 / shape.length);
}

/** Times that each coordinate is visited, and visits in all; 16 visits cost a fraction of a millisecond. */
const SWEEPS = 2;
const MOST_VISITS = 20;

/**
 * Improves a kernel's weights and noise for some data: a coordinate search, up and down by a factor that shrinks, for
 * the maximum of the marginal likelihood (Rasmussen and Williams 2006, equation 5.8, the signal's variance at its best
 * value) times a log-normal prior.
 *
 * @param codes  at most about 30, because the cost grows with their cube
 * @param values one for each code, about zero on average and one in spread
 */
export function fitKernel(shape: Shape, start: Kernel, codes: readonly Code[], values: Float64Array): Kernel {
  const search = new KernelSearch(shape, start, codes, values);
  const coordinates = shape.length + 2;
  const visits = Math.min(MOST_VISITS, SWEEPS * coordinates);
  let step = 1.2;
  for (let visit = 0; visit < visits; visit++) {
    const coordinate = visit % coordinates;
    const improved = search.move(coordinate, step) || search.move(coordinate, -step);
    if (coordinate === coordinates - 1 && !improved) step *= 0.7;
  }
  return search.kernel;
}

class KernelSearch {
  readonly #shape: Shape;
  readonly #count: number;
  readonly #places: Float64Array;
  readonly #values: Float64Array;
  readonly #factor: Float64Array;
  readonly #whitened: Float64Array;
  /** Of the kernel in hand and of the one being tried: r by pair of rows, and the parameters. */
  #r: Float64Array;
  #trialR: Float64Array;
  #weights: Float64Array;
  #trialWeights: Float64Array;
  #noise: number;
  #trialNoise: number;
  #score: number;

  constructor(shape: Shape, start: Kernel, codes: readonly Code[], values: Float64Array) {
    const count = codes.length;
    this.#shape = shape;
    this.#count = count;
    this.#values = values;
    this.#places = Float64Array.from({ length: count * shape.length }, (_, k) => {
      const index = k % shape.length;
      return toPlace(shape[index]!, codes[(k - index) / shape.length]![index]!);
    });
    this.#factor = new Float64Array(count * count);
    this.#whitened = new Float64Array(count);
    this.#r = new Float64Array(count * count);
    this.#trialR = new Float64Array(count * count);
    this.#weights = start.weights;
    this.#trialWeights = Float64Array.from(start.weights);
    this.#noise = start.noise;
    this.#trialNoise = start.noise;
    for (const [j, weight] of start.weights.entries()) this.#addDistance(this.#trialR, j, weight);
    this.#score = this.#evaluate();
    this.#accept();
  }

  get kernel(): Kernel {
    return { weights: Float64Array.from(this.#weights), noise: this.#noise };
  }

  /** Tries e^step times a coordinate: all weights (0), one weight (1 ...), or the noise (last); keeps it if it is better. */
  move(coordinate: number, step: number): boolean {
    const factor = Math.exp(step);
    this.#trialR.set(this.#r);
    this.#trialWeights.set(this.#weights);
    this.#trialNoise = this.#noise;
    if (coordinate === 0) {
      for (let j = 0; j < this.#trialWeights.length; j++) this.#trialWeights[j]! *= factor;
      for (let k = 0; k < this.#trialR.length; k++) this.#trialR[k]! *= factor;
    } else if (coordinate <= this.#weights.length) {
      const j = coordinate - 1;
      const weight = this.#weights[j]!;
      this.#trialWeights[j] = weight * factor;
      this.#addDistance(this.#trialR, j, weight * (factor - 1));
    } else this.#trialNoise = Math.max(LEAST_NOISE, this.#noise * factor);
    const score = this.#evaluate();
    if (!(score > this.#score)) return false;
    this.#score = score;
    this.#accept();
    return true;
  }

  #accept(): void {
    [this.#r, this.#trialR] = [this.#trialR, this.#r];
    [this.#weights, this.#trialWeights] = [this.#trialWeights, Float64Array.from(this.#trialWeights)];
    this.#noise = this.#trialNoise;
  }

  #addDistance(r: Float64Array, j: number, weight: number): void {
    const d = this.#shape.length;
    const categorical = this.#shape[j]!;
    for (let i = 0; i < this.#count; i++) {
      const value = this.#places[i * d + j]!;
      for (let k = 0; k < i; k++)
        r[i * this.#count + k]! += weight * distance(categorical, value, this.#places[k * d + j]!);
    }
  }

  /** The logarithm of likelihood times prior of the kernel being tried, up to a constant. */
  #evaluate(): number {
    const n = this.#count;
    const factor = this.#factor;
    let squares = 0;
    let logDeterminant = 0;
    for (let i = 0; i < n; i++) {
      const row = i * n;
      let rest = 1 + this.#trialNoise;
      let value = this.#values[i]!;
      for (let j = 0; j < i; j++) {
        const other = j * n;
        const alike = similarity(Math.max(0, this.#trialR[row + j]!));
        const solved = (alike - dot(factor, row, factor, other, j)) / factor[other + j]!;
        factor[row + j] = solved;
        rest -= solved * solved;
        value -= solved * this.#whitened[j]!;
      }
      if (!(rest > 0)) return Number.NEGATIVE_INFINITY;
      factor[row + i] = Math.sqrt(rest);
      value /= factor[row + i]!;
      this.#whitened[i] = value;
      squares += value * value;
      logDeterminant += 0.5 * Math.log(rest);
    }
    return -0.5 * n * Math.log(Math.max(squares / n, 1e-12)) - logDeterminant + this.#logPrior();
  }

  #logPrior(): number {
    let sum = logNormal(this.#trialNoise, PRIOR_NOISE);
    for (let j = 0; j < this.#trialWeights.length; j++) {
      sum += logNormal(this.#trialWeights[j]!, priorWeight(this.#shape, this.#shape[j]!));
    }
    return sum;
  }
}

function logNormal(value: number, middle: number): number {
  const distance = Math.log(value / middle) / PRIOR_SPREAD;
  return -0.5 * distance * distance;
}
