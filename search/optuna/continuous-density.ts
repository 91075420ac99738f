import { firstFrom, leastOf } from './ascending.js';
import { fastExp } from './fast-exp.js';
import { GaussTransform, REACH } from './gauss-transform.js';
import { JointDensity } from './joint-density.js';
import { totalWeight } from './kernel-weights.js';
import type { NumericKernels } from './kernels.js';
import type { MixtureDensity } from './mixture.js';

/** Kernels on each side that are added up between two looks at whether that is enough. */
const CHUNK = 32;

/** From so many kernels on, series are worth their making. */
const MANY = 1500;

/**
 * One continuous parameter. Almost all kernels of a long history have the least width that is allowed: those are kept
 * apart, in their order, and only those near a candidate are looked at; the few wider ones are all looked at.
 */
export class ContinuousDensity implements MixtureDensity {
  readonly #kernels: NumericKernels;
  readonly #anywhere: JointDensity;
  readonly #transform = new GaussTransform();
  /** Narrow kernels from the front, ascending by centre; wide ones from the back. */
  #centres = new Float64Array(0);
  #heights = new Float64Array(0);
  #curvatures = new Float64Array(0);
  #narrow = 0;
  #width = 0;
  #end = 0;
  #total = 0;
  #weights: Float64Array = new Float64Array(0);
  #inRange = true;

  constructor(kernels: NumericKernels) {
    this.#kernels = kernels;
    this.#anywhere = new JointDensity([kernels]);
  }

  prepare(weights: Float64Array, n: number): void {
    const { centres, widths, heights, order, low, high } = this.#kernels;
    // Kernels outside today's range may be as high as they like.
    this.#inRange = n === 0 || (centres[order[0]!]! >= low && centres[order[n - 1]!]! <= high);
    this.#weights = weights;
    this.#end = n + 1;
    if (!this.#inRange) {
      this.#prepareAnywhere();
      return;
    }
    this.#reserve(n + 1);
    this.#total = totalWeight(weights, n);
    this.#width = leastOf(widths, n + 1);
    let narrow = 0;
    let wide = n + 1;
    for (let i = 0; i <= n; i++) {
      const k = i === n ? n : order[i]!;
      const width = widths[k]!;
      const at = width === this.#width ? narrow++ : --wide;
      this.#centres[at] = centres[k]!;
      this.#heights[at] = weights[k]! * heights[k]!;
      this.#curvatures[at] = -0.5 / (width * width);
    }
    this.#narrow = narrow;
    if (narrow < MANY) return;
    this.#transform.begin(low, high, this.#width);
    for (let at = 0; at < narrow; at++) this.#transform.add(this.#centres[at]!, this.#heights[at]!);
  }

  logDensity(candidates: readonly Float64Array[], i: number, enough: number): number {
    const { low, high, distribution } = this.#kernels;
    const value = candidates[0]![i]!;
    const x = distribution.log ? Math.log(value) : value;
    if (!this.#inRange) return this.#anywhere.logDensity(candidates, i, enough);
    if (!(x >= low && x <= high)) return this.#justOutside(candidates, i);
    let sum = this.#sum(x, this.#narrow, this.#end);
    if (this.#narrow >= MANY) sum += this.#transform.sumAt(x);
    else sum += this.#nearby(x, Math.exp(enough) * this.#total - sum);
    return Math.log(sum / this.#total);
  }

  /** The sum over the narrow kernels, or a part of it that is above `most`; from the middle, where most of it comes from. */
  #nearby(x: number, most: number): number {
    const reach = REACH * this.#width;
    const from = firstFrom(this.#centres, this.#narrow, x - reach);
    const to = firstFrom(this.#centres, this.#narrow, x + reach);
    let low = firstFrom(this.#centres, this.#narrow, x);
    let high = low;
    let sum = 0;
    while (sum <= most && (low > from || high < to)) {
      const below = Math.max(from, low - CHUNK);
      const above = Math.min(to, high + CHUNK);
      sum += this.#sum(x, below, low) + this.#sum(x, high, above);
      low = below;
      high = above;
    }
    return sum;
  }

  #sum(x: number, from: number, to: number): number {
    const [centres, heights, curvatures] = [this.#centres, this.#heights, this.#curvatures];
    let sum = 0;
    for (let k = from; k < to; k++) {
      const distance = x - centres[k]!;
      sum += heights[k]! * fastExp(distance * distance * curvatures[k]!);
    }
    return sum;
  }

  /** Which kernels still count, now that rounding has taken a candidate out of the range, has to be asked of each. */
  #justOutside(candidates: readonly Float64Array[], i: number): number {
    this.#prepareAnywhere();
    return this.#anywhere.logDensity(candidates, i, Number.POSITIVE_INFINITY);
  }

  #prepareAnywhere(): void {
    const n = this.#end - 1;
    this.#kernels.fillOffsets(n);
    this.#anywhere.prepare(this.#weights, n);
  }

  #reserve(n: number): void {
    if (n <= this.#centres.length) return;
    this.#centres = new Float64Array(2 * n);
    this.#heights = new Float64Array(2 * n);
    this.#curvatures = new Float64Array(2 * n);
  }
}
