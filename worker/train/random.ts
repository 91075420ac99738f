/** One over the standard deviation of the sum of four uniform bytes. */
const BELL_SCALE: number = 1 / Math.sqrt((4 * (256 * 256 - 1)) / 12);

/** See {@link Random.state}. */
export type RandomState = readonly [a: number, b: number, c: number, d: number];

/**
 * A stream of random numbers, the same everywhere for the same seed and stream: xoshiro128** 1.1 (Blackman, Vigna),
 * its state filled by splitmix32. Streams keep the parts of a training apart, so that drawing more for one
 * (a wider layer, say) does not shift the others.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * @param seed   a uint32
   * @param stream which of the seed's streams, a uint32
   */
  constructor(seed: number, stream = 0) {
    const next = splitmix32((seed ^ Math.imul(stream + 1, 0x9e37_79b1)) >>> 0, stream);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1; // An all-zero state would stay zero.
  }

  /** Where the stream is, as four uint32: put into another generator, that one goes on from here. */
  get state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  set state([a, b, c, d]: RandomState) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#d = d | 0;
  }

  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number in [0, n). The bias is below n / 2^32. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /**
   * Roughly normal with mean 0 and variance 1, within [-3.46, 3.46]: the four bytes of one draw added. Nothing but
   * whole numbers and one product, so that no platform's logarithm can change a bit.
   */
  bell(): number {
    const drawn = this.uint32();
    const sum = (drawn & 0xff) + ((drawn >>> 8) & 0xff) + ((drawn >>> 16) & 0xff) + (drawn >>> 24);
    return (sum - 510) * BELL_SCALE;
  }

  /** Puts the items in random order, in place (Fisher-Yates). */
  shuffle(items: Uint32Array): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = items[last]!;
      items[last] = items[other]!;
      items[other] = kept;
    }
  }
}

function splitmix32(seed: number, stream: number): () => number {
  let state = (seed + Math.imul(stream, 0x85eb_ca6b)) >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}
