import { fillValues, toParams } from './configuration.js';
import { levels } from './domain.js';
import { axisOf, Enumeration } from './enumeration.js';
import type { History } from './history.js';
import { SpaceError, type Values } from './param.js';
import { Rng } from './rng.js';
import type { Sampler, Suggestion } from './sampler.js';
import type { Space } from './space.js';
import { Untried } from './untried.js';

/** Draws every parameter from its own scale, and never proposes a configuration twice while another is left. */
export class RandomSampler implements Sampler {
  readonly name = 'random';
  readonly #space: Space;
  readonly #seed: number;
  readonly #fresh: FreshDraws;

  constructor(space: Space, seed: number) {
    this.#space = space;
    this.#seed = seed;
    this.#fresh = new FreshDraws(space);
  }

  suggest(history: History, number: number): Suggestion | undefined {
    this.#fresh.follow(history);
    const values = this.#fresh.draw(new Rng(this.#seed, number));
    return values === undefined ? undefined : { params: toParams(this.#space, values) };
  }
}

/** Draws among so many before untried configurations are looked for in order. */
const DRAWS = 20;

/** Random configurations that are not in the history. */
export class FreshDraws {
  /** Number of configurations where they are finite and can be counted, those that a relation excludes included. */
  readonly size: number;
  readonly #space: Space;
  readonly #untried: Untried;

  constructor(space: Space) {
    this.#space = space;
    const enumeration = enumerate(space);
    this.size = enumeration?.size ?? Number.POSITIVE_INFINITY;
    this.#untried = new Untried(space, enumeration);
  }

  follow(history: History): void {
    this.#untried.follow(history);
  }

  isTried(values: Values): boolean {
    return this.#untried.isTried(values);
  }

  /** @returns undefined when every configuration has been tried, or the relations leave next to nothing to be found */
  draw(rng: Rng): Values | undefined {
    const nothing: Values = this.#space.params.map(() => undefined);
    let drawn: Values | undefined;
    for (let draw = 0; draw < DRAWS; draw++) {
      drawn = fillValues(this.#space, nothing, rng);
      if (drawn === undefined) break;
      if (!this.isTried(drawn)) return drawn;
    }
    // A space without a number for every configuration has so many that twenty repetitions do not happen by chance.
    return Number.isFinite(this.size) ? this.#untried.firstFrom(rng.below(this.size)) : drawn;
  }
}

function enumerate(space: Space): Enumeration | undefined {
  if (!space.params.every((param) => Number.isFinite(levels(param)))) return undefined;
  try {
    return new Enumeration(space, space.params.map(axisOf));
  } catch (error) {
    if (error instanceof SpaceError) return undefined;
    throw error;
  }
}
