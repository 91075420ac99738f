const LENGTH = 624;
const MIDDLE = 397;

/**
 * MT19937 with the derived draws of numpy's `RandomState`: the same seed gives the same numbers in the same order.
 *
 * @see Matsumoto and Nishimura 1998, "Mersenne Twister"; seeding as in their `init_genrand`
 */
export class MersenneTwister {
  readonly #key = new Uint32Array(LENGTH);
  #position = LENGTH;
  #blocks = -1;
  readonly #seed: number;
  /** The state where `goTo` was last told to go. */
  readonly #marked = new Uint32Array(LENGTH);
  #markedBlocks = -1;
  #cumulative = new Float64Array(32);

  /** @param seed an integer in [0, 2^32) */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new RangeError(`seed ${seed} must be an integer >= 0 and < 2^32`);
    }
    this.#seed = seed;
    this.#begin();
    this.#marked.set(this.#key);
  }

  /** Number of 32-bit words taken since the seed; what `goTo` takes. */
  get taken(): number {
    return this.#blocks * LENGTH + this.#position;
  }

  /** As numpy's `get_state()` has them: the position in the block, in [0, 624], and the block's first word. */
  get fingerprint(): readonly [number, number] {
    return [this.#position, this.#key[0]!];
  }

  /**
   * Goes to where `taken` words have been taken since the seed. Forwards, a thousand suggestions of TPE are some 500
   * blocks, less than a millisecond, so positions need no stored states; backwards it is the same from the seed, or
   * from the last position gone to.
   */
  goTo(taken: number): void {
    if (taken < this.taken) this.#goBack(taken);
    // A full block stays in place until the next word is asked for, as numpy leaves it.
    const blocks = Math.max(this.#blocks, Math.ceil(taken / LENGTH) - 1);
    while (this.#blocks < blocks) this.#twist();
    this.#position = taken - blocks * LENGTH;
    this.#marked.set(this.#key);
    this.#markedBlocks = blocks;
  }

  uint32(): number {
    if (this.#position === LENGTH) this.#twist();
    let y = this.#key[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** In [0, 1), 53 bits, two words. */
  random(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** An integer in [0, max] by masking and rejecting; 0 takes no word. */
  bounded(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** Fisher and Yates, from the end, in place. */
  shuffle(list: unknown[]): void {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.bounded(i);
      [list[i], list[j]] = [list[j], list[i]];
    }
  }

  /**
   * Draws `out.length` indices with replacement.
   *
   * @param weights the first n are probabilities, summing to about 1
   */
  choose(weights: ArrayLike<number>, n: number, out: Int32Array): void {
    if (n > this.#cumulative.length) this.#cumulative = new Float64Array(2 * n);
    const cumulative = this.#cumulative;
    let sum = 0;
    for (let i = 0; i < n; i++) cumulative[i] = sum += weights[i]!;
    for (let i = 0; i < n; i++) cumulative[i]! /= sum;
    for (let i = 0; i < out.length; i++) out[i] = countUpTo(cumulative, n, this.random());
  }

  #begin(): void {
    const key = this.#key;
    key[0] = this.#seed;
    for (let i = 1; i < LENGTH; i++) {
      const previous = key[i - 1]!;
      key[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.#position = LENGTH;
    this.#blocks = -1;
  }

  #goBack(taken: number): void {
    if (taken < this.#markedBlocks * LENGTH || this.#markedBlocks < 0) {
      this.#begin();
      return;
    }
    this.#key.set(this.#marked);
    this.#blocks = this.#markedBlocks;
    this.#position = 0;
  }

  #twist(): void {
    const key = this.#key;
    for (let k = 0; k < LENGTH - MIDDLE; k++) key[k] = mixed(key[k]!, key[k + 1]!) ^ key[k + MIDDLE]!;
    for (let k = LENGTH - MIDDLE; k < LENGTH - 1; k++) {
      key[k] = mixed(key[k]!, key[k + 1]!) ^ key[k + MIDDLE - LENGTH]!;
    }
    key[LENGTH - 1] = mixed(key[LENGTH - 1]!, key[0]!) ^ key[MIDDLE - 1]!;
    this.#position = 0;
    this.#blocks++;
  }
}

function mixed(high: number, low: number): number {
  const y = (high & 0x80000000) | (low & 0x7fffffff);
  return (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
}

/** How many of n ascending numbers are <= u. */
function countUpTo(ascending: Float64Array, n: number, u: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= u) low = middle + 1;
    else high = middle;
  }
  return low;
}
