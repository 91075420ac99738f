import type { ArgsortKind } from './argsort.js';
import { BestTrials } from './best-trials.js';
import { type Distribution, sameDistribution } from './distribution.js';
import { GroupedSpaces, type NamedDistributions, SharedSpace } from './joint-space.js';
import { goodCount } from './kernel-weights.js';
import type { KernelOptions } from './kernels.js';
import { MersenneTwister } from './mersenne-twister.js';
import { ObservationTable } from './observations.js';
import { OptunaRandom, type Profile } from './random-sampler.js';
import type { Study, StudySampler, Trial } from './study.js';
import { TwoSides } from './two-sides.js';

export interface TpeOptions {
  /** Draw jointly what all trials share. Default: true, under profile 4.9 false. */
  readonly multivariate?: boolean;
  /** Draw jointly in groups that occur together; needs multivariate. Default false. */
  readonly group?: boolean;
  /** Count running trials as bad ones. Default: true, under profile 4.9 false. */
  readonly constantLiar?: boolean;
  /** Random trials before the first fit. Default 10. */
  readonly startupTrials?: number;
  /** Default 24. */
  readonly candidates?: number;
  readonly profile?: Profile;
  readonly argsort?: ArgsortKind;
}

/** Optuna's TPESampler for one objective: the same seed and the same trials give the same suggestions. */
export class OptunaTpe implements StudySampler {
  readonly generator: MersenneTwister;
  readonly random: OptunaRandom;
  readonly #options: Required<TpeOptions>;
  readonly #best = new BestTrials();
  readonly #spaces: SharedSpace | GroupedSpaces;
  readonly #sides = new Map<string, TwoSides>();

  constructor(seed: number, options: TpeOptions = {}) {
    const profile = options.profile ?? '5';
    this.#options = {
      multivariate: profile === '5',
      group: false,
      constantLiar: profile === '5',
      startupTrials: 10,
      candidates: 24,
      profile,
      argsort: 'simd',
      ...options,
    };
    if (this.#options.group && !this.#options.multivariate) throw new RangeError('group true needs multivariate true');
    this.generator = new MersenneTwister(seed);
    this.random = new OptunaRandom(seed, profile);
    this.#spaces = this.#options.group ? new GroupedSpaces() : new SharedSpace();
  }

  sampleRelative(study: Study, trial: Trial): Map<string, number> {
    const relative = new Map<string, number>();
    for (const space of this.jointSpaces(study)) {
      if (space.size === 0 || study.observed < this.#options.startupTrials) continue;
      for (const [name, value] of this.#sample(study, trial, space)) relative.set(name, value);
    }
    if (relative.size > 0 && this.#options.constantLiar) {
      trial.shared = new Map(relative);
      study.changed(trial);
    }
    return relative;
  }

  sampleIndependent(study: Study, trial: Trial, name: string, distribution: Distribution): number {
    if (study.observed < this.#options.startupTrials) return this.random.draw(distribution);
    return this.#sample(study, trial, new Map([[name, distribution]])).get(name)!;
  }

  /** What is drawn jointly now. Groups depend on when they are looked at: each look adds what has finished by number. */
  jointSpaces(study: Study): readonly NamedDistributions[] {
    return this.#options.multivariate ? this.#spaces.follow(study) : [];
  }

  #sample(study: Study, trial: Trial, space: NamedDistributions): Map<string, number> {
    this.#best.follow(study);
    const sides = this.#sidesOf(space);
    sides.fit(study, this.#best.take(goodCount(study.observed)), trial.number);
    const winner = sides.winner(this.generator, this.#options.candidates);
    return new Map([...space.keys()].map((name, d) => [name, winner[d]!]));
  }

  #sidesOf(space: NamedDistributions): TwoSides {
    const key = JSON.stringify([...space.keys()]);
    const known = this.#sides.get(key);
    // Only numbers can be asked for in another range than before.
    if (known !== undefined && sameSpace(known.space, space)) return known;
    const { multivariate, profile, argsort } = this.#options;
    const options: KernelOptions = {
      argsort,
      dimensions: space.size,
      scottDimensions: profile === '4.9' && multivariate ? space.size : undefined,
    };
    const table = known?.table ?? new ObservationTable(space, (trial) => this.#paramsOf(trial));
    const made = new TwoSides(space, table, options);
    this.#sides.set(key, made);
    return made;
  }

  #paramsOf(trial: Trial): ReadonlyMap<string, number> | undefined {
    if (trial.state === 'COMPLETE' || trial.state === 'PRUNED') return trial.params;
    if (trial.state !== 'RUNNING' || !this.#options.constantLiar) return undefined;
    return trial.shared === undefined ? trial.params : new Map([...trial.shared, ...trial.params]);
  }
}

function sameSpace(a: NamedDistributions, b: NamedDistributions): boolean {
  return [...b].every(([name, distribution]) => sameDistribution(a.get(name)!, distribution));
}
