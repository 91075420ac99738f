import { fastExp } from './fast-exp.js';

/** Terms of each box's series. */
const TERMS = 16;

/** Boxes to a kernel width: no kernel is farther than a quarter of a width from the middle of its box. */
const PER_WIDTH = 2;

/** Beyond so many widths a kernel is nothing beside the prior. */
export const REACH = 10.5;

/**
 * Sums of many Gaussian kernels of the same width at a few points: the kernels of a box are one Hermite series about its
 * middle, so that a point costs what the boxes in reach cost, however many kernels they hold. Sixteen terms leave an
 * error below 1e-16 of a kernel's height.
 *
 * @see Greengard and Strain 1991, "The fast Gauss transform"
 */
export class GaussTransform {
  #low = 0;
  #scale = 1;
  #boxes = 0;
  #moments = new Float64Array(0);
  #filled = new Uint8Array(0);

  /** Begins anew. All centres will be in [low, high]. */
  begin(low: number, high: number, width: number): void {
    this.#low = low;
    this.#scale = 1 / width;
    this.#boxes = Math.floor((high - low) * this.#scale * PER_WIDTH) + 1;
    if (this.#filled.length < this.#boxes) {
      this.#moments = new Float64Array(this.#boxes * TERMS);
      this.#filled = new Uint8Array(this.#boxes);
    }
    this.#moments.fill(0, 0, this.#boxes * TERMS);
    this.#filled.fill(0, 0, this.#boxes);
  }

  add(centre: number, height: number): void {
    const at = (centre - this.#low) * this.#scale;
    const box = Math.min((at * PER_WIDTH) | 0, this.#boxes - 1);
    const t = at - (box + 0.5) / PER_WIDTH;
    const moments = this.#moments;
    this.#filled[box] = 1;
    let power = height;
    const end = (box + 1) * TERMS;
    for (let j = box * TERMS; j < end; j++) {
      moments[j]! += power;
      power *= t;
    }
  }

  sumAt(x: number): number {
    const at = (x - this.#low) * this.#scale;
    const first = Math.max(0, Math.floor((at - REACH) * PER_WIDTH));
    const last = Math.min(this.#boxes - 1, Math.floor((at + REACH) * PER_WIDTH));
    let sum = 0;
    for (let box = first; box <= last; box++) {
      if (this.#filled[box] === 0) continue;
      const y = at - (box + 0.5) / PER_WIDTH;
      sum += fastExp(-0.5 * y * y) * this.#series(box * TERMS, y);
    }
    return sum;
  }

  /** The moments times Hermite's polynomials, divided by the factorials as the recurrence goes: h[j + 1] = (y h[j] - h[j - 1]) / (j + 1). */
  #series(start: number, y: number): number {
    const moments = this.#moments;
    let before = 0;
    let polynomial = 1;
    let sum = moments[start]!;
    for (let j = 1; j < TERMS; j++) {
      const next = (y * polynomial - before) * INVERSES[j]!;
      before = polynomial;
      polynomial = next;
      sum += next * moments[start + j]!;
    }
    return sum;
  }
}

const INVERSES = Float64Array.from({ length: TERMS }, (_, j) => 1 / j);
