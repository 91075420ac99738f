import { relationsHold, toParams } from './configuration.js';
import { fromUnit, levels } from './domain.js';
import { Follower } from './follower.js';
import type { History } from './history.js';
import { SOBOL_MAX_DIMENSIONS, sobolPoint } from './optuna/low-discrepancy.js';
import type { Values } from './param.js';
import { FreshDraws } from './random.js';
import { Rng } from './rng.js';
import type { Sampler, Suggestion } from './sampler.js';
import { isActive, type Space } from './space.js';

/** Points passed over in all: so many, and as many more for every trial. Where fewer are of use, chance takes over. */
const SKIPPED = 1000;
const SKIPPED_PER_TRIAL = 100;

/** Streams of random numbers that no trial uses. */
const SCRAMBLE = 6;
const BEYOND = 7;

/**
 * Spreads trials evenly over the space: each takes the first point of a Sobol' sequence whose configuration satisfies
 * the relations and has not been tried.
 *
 * Every parameter of more than one value has a coordinate of its own, which goes unused where the parameter is inactive.
 * There are 64 coordinates; parameters further down the file than that are drawn at random.
 *
 * @see Sobol' 1967; Joe and Kuo 2008 for the direction numbers
 */
export class QmcSampler implements Sampler {
  readonly name = 'qmc';
  readonly #space: Space;
  readonly #seed: number;
  readonly #fresh: FreshDraws;
  readonly #follower: Follower;
  /** By parameter index: its coordinate, -1 for a parameter of one value. */
  readonly #coordinates: readonly number[];
  readonly #dimensions: number;
  /** By coordinate; undefined for the plain sequence. */
  readonly #scrambles: readonly number[] | undefined;
  /** No point before this one is of use any more. */
  #next = 0;

  constructor(space: Space, seed: number, scramble: boolean) {
    this.#space = space;
    this.#seed = seed;
    this.#fresh = new FreshDraws(space);
    this.#follower = new Follower(
      () => {
        this.#next = 0;
      },
      () => {},
    );
    let free = 0;
    this.#coordinates = space.params.map((param) => (levels(param) > 1 ? free++ : -1));
    this.#dimensions = Math.min(free, SOBOL_MAX_DIMENSIONS);
    const rng = new Rng(seed, 0, SCRAMBLE);
    this.#scrambles = scramble ? Array.from({ length: this.#dimensions }, () => rng.uint32()) : undefined;
  }

  suggest(history: History, number: number): Suggestion | undefined {
    this.#follower.follow(history);
    this.#fresh.follow(history);
    // What is in a history stays there, so a point that is passed over once need not be looked at again.
    for (const end = SKIPPED + SKIPPED_PER_TRIAL * history.size; this.#next < end; this.#next++) {
      const values = this.#point(this.#next);
      if (relationsHold(this.#space, values) && !this.#fresh.isTried(values)) return this.#suggestion(values);
    }
    const values = this.#fresh.draw(new Rng(this.#seed, number));
    return values === undefined ? undefined : this.#suggestion(values);
  }

  #suggestion(values: Values): Suggestion {
    return { params: toParams(this.#space, values) };
  }

  #point(index: number): Values {
    const units = sobolPoint(index, this.#dimensions);
    const beyond = new Rng(this.#seed, index, BEYOND);
    const values: Values = this.#space.params.map(() => undefined);
    for (const param of this.#space.order) {
      if (isActive(this.#space, param, values)) {
        values[param] = fromUnit(this.#space.params[param]!, this.#unit(units, param) ?? beyond.next());
      }
    }
    return values;
  }

  /** Undefined for a parameter that has no coordinate. */
  #unit(units: readonly number[], param: number): number | undefined {
    const coordinate = this.#coordinates[param]!;
    if (coordinate < 0) return 0;
    const unit = units[coordinate];
    return unit === undefined || this.#scrambles === undefined ? unit : scrambled(unit, this.#scrambles[coordinate]!);
  }
}

/**
 * Owen's nested uniform scrambling, by a hash in which every bit depends on the bits above it alone: points of a
 * sequence change places, and its evenness stays.
 *
 * @param unit in [0, 1), of which 32 bits count
 * @param seed a uint32
 * @returns in (0, 1)
 * @see Owen 1995; Laine and Karras 2011 for the hash; Burley 2020, "Practical hash-based Owen scrambling"
 */
export function scrambled(unit: number, seed: number): number {
  let x = reversed(Math.floor(unit * 2 ** 32));
  x = (x + seed) >>> 0;
  for (const factor of [0x6c50_b47c, 0xb82f_1e52, 0xc7af_e638, 0x8d22_f6e6]) x = (x ^ Math.imul(x, factor)) >>> 0;
  return (reversed(x) + 0.5) / 2 ** 32;
}

/** The 32 bits of a number, last one first. */
function reversed(x: number): number {
  let bits = x;
  bits = ((bits >>> 1) & 0x5555_5555) | ((bits & 0x5555_5555) << 1);
  bits = ((bits >>> 2) & 0x3333_3333) | ((bits & 0x3333_3333) << 2);
  bits = ((bits >>> 4) & 0x0f0f_0f0f) | ((bits & 0x0f0f_0f0f) << 4);
  bits = ((bits >>> 8) & 0x00ff_00ff) | ((bits & 0x00ff_00ff) << 8);
  return ((bits >>> 16) | (bits << 16)) >>> 0;
}
