/**
 * Counter-based random numbers: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3" (SC 2011). Every (seed, stream) is a generator of its own without any state to carry from one to the next,
 * so what trial 17 draws does not depend on what trial 16 drew.
 */
export class Rng {
  readonly #key = new Uint32Array(2);
  /** Which block it is, and the stream. */
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);
  #left = 0;
  #spareNormal: number | undefined;

  /**
   * @param seed   the study's seed, an integer in [0, 2^53)
   * @param stream the trial's number, an integer in [0, 2^48); the rest is for streams of other purposes
   */
  constructor(seed: number, stream: number, purpose = 0) {
    this.#key[0] = seed;
    this.#key[1] = seed / 0x1_0000_0000;
    this.#counter[2] = stream;
    this.#counter[3] = ((stream / 0x1_0000_0000) & 0xffff) | (purpose << 16);
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    if (this.#left === 0) {
      philox(this.#block, this.#counter, this.#key);
      this.#counter[0]!++;
      this.#left = 4;
    }
    return this.#block[4 - this.#left--]!;
  }

  /** Uniform in [0, 1), 53 bits. */
  next(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  /** Standard normal, by the polar method (Marsaglia and Bray 1964). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spareNormal = v * scale;
      return u * scale;
    }
  }

  /** Uniform among the integers 0 to n - 1; n in [1, 2^53]. The bias, below 2^-16, is of no consequence here. */
  below(n: number): number {
    return Math.floor(n <= 0x1_0000 ? (this.uint32() / 0x1_0000_0000) * n : this.next() * n);
  }
}

/** The seed a trial's training starts from: the same for every attempt at it. A uint32. */
export function trialSeed(studySeed: number, number: number): number {
  return new Rng(studySeed, number, 1).uint32();
}

const MULTIPLIER_0 = 0xd251_1f53;
const MULTIPLIER_1 = 0xcd9e_8d57;
const WEYL_0 = 0x9e37_79b9;
const WEYL_1 = 0xbb67_ae85;

/** Ten rounds over a counter of four uint32 under a key of two; section 5.3 of the paper. */
export function philox(out: Uint32Array, counter: Uint32Array, key: Uint32Array): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = key[0]!;
  let k1 = key[1]!;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Bits 32 to 63 of the product of two uint32, by 16-bit halves, all of whose sums stay exact. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const low = aLow * bLow;
  const middle1 = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle1 & 0xffff);
  return (aHigh * bHigh + Math.floor(middle1 / 0x1_0000) + Math.floor(middle2 / 0x1_0000)) >>> 0;
}
