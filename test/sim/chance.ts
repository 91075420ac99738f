/**
 * All chance of one simulation: a small generator (mulberry32), whose draws depend on the seed alone. Parts that must
 * not disturb each other's draws take a generator of their own with {@link Chance.fork}.
 */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = scramble(seed);
  }

  /** From [0, 1). */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from [0, n). */
  below(n: number): number {
    return Math.floor(this.float() * n);
  }

  /** An integer from [low, high]. */
  int(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  fork(): Chance {
    return new Chance(this.below(2 ** 31));
  }
}

/** A number of 32 bits from a text, for what must be the same however often it is asked. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return scramble(h);
}

function scramble(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
