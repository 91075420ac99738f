import { type Distribution, roundedToStep, transformedBounds, untransform } from './distribution.js';
import { MersenneTwister } from './mersenne-twister.js';
import type { Study, StudySampler, Trial } from './study.js';

/** Which release's formulas are followed: 5, or 4.9 where they differ. */
export type Profile = '5' | '4.9';

/** Optuna's RandomSampler; also what TPE and QMC do before they have anything to go by. */
export class OptunaRandom implements StudySampler {
  readonly generator: MersenneTwister;
  readonly #profile: Profile;

  constructor(seed: number, profile: Profile = '5') {
    this.generator = new MersenneTwister(seed);
    this.#profile = profile;
  }

  sampleRelative(): Map<string, number> {
    return new Map();
  }

  sampleIndependent(_study: Study, _trial: Trial, _name: string, distribution: Distribution): number {
    return this.draw(distribution);
  }

  draw(distribution: Distribution): number {
    if (distribution.type === 'categorical') return this.#largestOf(distribution.choices.length);
    const [low, high] = transformedBounds(distribution);
    const x = low + (high - low) * this.generator.random();
    const halfway = this.#profile === '4.9' && distribution.type === 'int' && !distribution.log;
    return halfway ? roundedToStep(distribution, x) : untransform(distribution, x);
  }

  /** A choice takes a draw each, as coordinates of a one-hot vector; the first of the largest wins. */
  #largestOf(n: number): number {
    let best = 0;
    let largest = -1;
    for (let i = 0; i < n; i++) {
      const draw = this.generator.random();
      if (draw > largest) {
        largest = draw;
        best = i;
      }
    }
    return best;
  }
}
