import { type Distribution, isSingle, singleValue, transformedBounds, untransform } from './distribution.js';
import { byCodePoint } from './grid-sampler.js';
import { haltonPoint, sobolPoint } from './low-discrepancy.js';
import { OptunaRandom, type Profile } from './random-sampler.js';
import { nextBelow } from './rounding.js';
import type { Study, StudySampler, Trial } from './study.js';

export type Sequence = 'sobol' | 'halton';

/**
 * Optuna's QMCSampler without scrambling: the parameters of the first finished trial follow a sequence of low
 * discrepancy, everything else is random.
 */
export class OptunaQmc implements StudySampler {
  readonly random: OptunaRandom;
  /** How many points have been taken of each space. */
  readonly taken: Map<string, number> = new Map();
  readonly #sequence: Sequence;
  readonly #profile: Profile;

  constructor(seed: number, sequence: Sequence = 'sobol', profile: Profile = '5') {
    this.random = new OptunaRandom(seed, profile);
    this.#sequence = sequence;
    this.#profile = profile;
  }

  sampleRelative(study: Study): Map<string, number> {
    const space = this.spaceOf(study);
    if (space.size === 0) return new Map();
    const key = spaceKey(space);
    const index = this.taken.get(key) ?? 0;
    this.taken.set(key, index + 1);
    const point = this.#sequence === 'sobol' ? sobolPoint(index, space.size) : haltonPoint(index, space.size);
    return new Map([...space].map(([name, distribution], i) => [name, atUnit(distribution, point[i]!)]));
  }

  sampleIndependent(_study: Study, _trial: Trial, _name: string, distribution: Distribution): number {
    return this.random.draw(distribution);
  }

  /** The distributions of the first finished trial; before there is one, of all that run. */
  spaceOf(study: Study): Map<string, Distribution> {
    const first = study.trials.find(({ state }) => state === 'COMPLETE' || state === 'PRUNED');
    if (first === undefined && this.#profile === '4.9') return new Map();
    const sources = first === undefined ? study.trials.filter(({ state }) => state === 'RUNNING') : [first];
    const all = sources.flatMap(({ distributions }) => [...distributions]);
    // Before version 5, choices were no coordinate of a sequence.
    return new Map(all.filter(([, { type }]) => this.#profile === '5' || type !== 'categorical'));
  }
}

export function spaceKey(space: ReadonlyMap<string, Distribution>): string {
  return JSON.stringify([...space].sort(([a], [b]) => byCodePoint(a, b)));
}

function atUnit(distribution: Distribution, u: number): number {
  if (distribution.type === 'categorical') {
    const n = distribution.choices.length;
    return Math.floor(Math.min(u * n, nextBelow(n)));
  }
  if (isSingle(distribution)) return singleValue(distribution);
  const [low, high] = transformedBounds(distribution);
  return untransform(distribution, low + u * (high - low));
}
