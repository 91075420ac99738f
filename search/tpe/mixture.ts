import type { Code, Codec } from '../model/codec.js';
import type { Rng } from '../rng.js';

/** Width of a numeric kernel for one observation, as a share of the scale; more observations make it narrower. */
const WIDTH = 0.2;
/** Share of a categorical kernel that goes to choices other than the one observed, for one observation. */
const LEAK = 0.5;

/**
 * A density over a space: one kernel for each observed configuration and one that is uniform, all of equal weight. A
 * kernel is a product over the parameters of normal densities cut off at the ends of the scale, or of distributions over
 * the choices; so it keeps what parameters have to do with each other (Falkner et al. 2018, "BOHB", section 3.2).
 *
 * A parameter that was inactive in an observation is taken to be uniform there: what that one says about shared
 * parameters counts wherever these are active.
 */
export class Mixture {
  readonly #codec: Codec;
  readonly #codes: readonly Code[];
  /** By parameter: the normal kernels' width, or the probability of each choice but the observed one. */
  readonly #widths: Float64Array;
  /** Row-major, one row for each code: factors that make each cut-off normal density integrate to 1. */
  readonly #heights: Float64Array;

  constructor(codec: Codec, codes: readonly Code[]) {
    this.#codec = codec;
    this.#codes = codes;
    const d = codec.levels.length;
    // Scott's rule, with the number of parameters that there are to be learnt about.
    const shrink = Math.max(1, codes.length) ** (-1 / (codec.free.length + 4));
    this.#widths = Float64Array.from(codec.levels, (count, j) =>
      codec.categorical[j] ? (LEAK * shrink) / count : Math.max(WIDTH * shrink, 0.3 / count),
    );
    this.#heights = new Float64Array(codes.length * d);
    for (const [i, code] of codes.entries()) {
      for (let j = 0; j < d; j++)
        this.#heights[i * d + j] = codec.categorical[j] ? 1 : height(code[j]!, this.#widths[j]!);
    }
  }

  /** The density at a code, over that of a uniform draw. */
  density(code: Code): number {
    const d = code.length;
    let sum = 1;
    for (let i = 0; i < this.#codes.length; i++) {
      const other = this.#codes[i]!;
      let exponent = 0;
      let product = 1;
      for (let j = 0; j < d; j++) {
        const at = code[j]!;
        const centre = other[j]!;
        // Whatever is inactive on either side says nothing.
        if (Number.isNaN(at) || Number.isNaN(centre)) continue;
        const width = this.#widths[j]!;
        if (this.#codec.categorical[j]) {
          const count = this.#codec.levels[j]!;
          product *= count * (at === centre ? 1 - (count - 1) * width : width);
        } else {
          const distance = (at - centre) / width;
          exponent += distance * distance;
          product *= this.#heights[i * d + j]!;
        }
      }
      sum += product * Math.exp(-0.5 * exponent);
    }
    return sum / (this.#codes.length + 1);
  }

  /** Draws a valid code into `code`. */
  draw(code: Code, rng: Rng): void {
    const kernel = this.#codes[rng.below(this.#codes.length + 1)];
    if (kernel === undefined) {
      this.#codec.drawAll(code, rng);
      return;
    }
    for (let j = 0; j < code.length; j++) code[j] = this.#drawOne(j, kernel[j]!, rng);
    this.#codec.settle(code, rng);
  }

  #drawOne(j: number, centre: number, rng: Rng): number {
    const count = this.#codec.levels[j]!;
    if (Number.isNaN(centre) || count === 1) return centre;
    const width = this.#widths[j]!;
    if (this.#codec.categorical[j]) {
      if (rng.next() >= (count - 1) * width) return centre;
      return (centre + 1 + rng.below(count - 1)) % count;
    }
    // More than half of a normal density about a centre inside the scale is on the scale's longer side of it.
    for (;;) {
      const at = centre + width * rng.normal();
      if (at >= 0 && at <= 1) return this.#codec.snap(j, at);
    }
  }
}

/** The largest value of a normal density about `centre` that is cut off outside [0, 1]. */
function height(centre: number, width: number): number {
  return 1 / (width * Math.sqrt(2 * Math.PI) * (normalCdf((1 - centre) / width) - normalCdf(-centre / width)));
}

/** The standard normal distribution function to about 7.5e-8 (Abramowitz and Stegun 26.2.17). */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * series;
  return z >= 0 ? 1 - tail : tail;
}
