import { toParams } from '../configuration.js';
import type { History } from '../history.js';
import type { Params, Values } from '../param.js';
import type { Sampler, Suggestion } from '../sampler.js';
import { isActive, type Space } from '../space.js';
import { type Distribution, toExternal } from './distribution.js';
import type { MersenneTwister } from './mersenne-twister.js';
import { newTrial, type Study, type StudySampler, type Trial } from './study.js';
import { StudyFollower, type StudyHooks } from './study-follower.js';

/** What a kind of sampler adds to what all have in common. */
export interface SamplerKind {
  readonly sampler: StudySampler;
  /** Whose positions are remembered, as the first of a suggestion's draws. */
  readonly generators: readonly MersenneTwister[];
  /** Called while the history is read. */
  readonly hooks?: StudyHooks;
  /** Called before a suggestion is made. @returns false when nothing is left to propose */
  readonly prepare?: (study: Study, trial: Trial) => boolean;
  /** What to remember besides, behind the positions. */
  readonly remember?: (study: Study, trial: Trial) => readonly number[];
}

/**
 * An Optuna sampler over a history. Its generators are one stream for the whole study: a suggestion's draws begin with
 * how many 32-bit words each has given since the study began, that suggestion's included, and the next one goes on from
 * the farthest position in the history. All active parameters are asked for at once, in the order of the file but for
 * parents, which come before their children.
 */
export class HistorySampler implements Sampler {
  readonly name: string;
  readonly #space: Space;
  readonly #distributions: readonly Distribution[];
  readonly #makeKind: () => SamplerKind;
  readonly #follower: StudyFollower;
  #kind: SamplerKind;
  #first: readonly number[];
  #positions: number[];

  /** @param makeKind makes a sampler that knows nothing yet; called once for each history */
  constructor(name: string, space: Space, distributions: readonly Distribution[], makeKind: () => SamplerKind) {
    this.name = name;
    this.#space = space;
    this.#distributions = distributions;
    this.#makeKind = makeKind;
    this.#kind = makeKind();
    this.#first = this.#kind.generators.map(({ taken }) => taken);
    this.#positions = [...this.#first];
    this.#follower = new StudyFollower(name, space, distributions, {
      proposed: (study, record) => this.#kind.hooks?.proposed?.(study, record),
      added: (trial, record) => {
        for (const i of this.#positions.keys()) {
          this.#positions[i] = Math.max(this.#positions[i]!, record.draws?.[i] ?? 0);
        }
        if (record.draws !== undefined) this.#kind.hooks?.added?.(trial, record);
      },
    });
  }

  suggest(history: History, number: number): Suggestion | undefined {
    const study = this.#follower.follow(history, () => {
      this.#kind = this.#makeKind();
      this.#positions = this.#first.map((first, i) => Math.max(first, history.forgotten[i] ?? 0));
    });
    const { sampler, generators, prepare, remember } = this.#kind;
    for (const [i, generator] of generators.entries()) generator.goTo(this.#positions[i]!);
    const trial = newTrial(number, 'RUNNING');
    if (prepare?.(study, trial) === false) return undefined;
    sampler.beforeTrial?.(study, trial);
    const params = this.#decideAll(study, trial);
    return { params, draws: [...generators.map(({ taken }) => taken), ...(remember?.(study, trial) ?? [])] };
  }

  #decideAll(study: Study, trial: Trial): Params {
    const values: Values = this.#space.params.map(() => undefined);
    for (const index of this.#space.order) {
      if (!isActive(this.#space, index, values)) continue;
      const distribution = this.#distributions[index]!;
      const { name } = this.#space.params[index]!;
      const value = toExternal(distribution, study.suggest(this.#kind.sampler, trial, name, distribution));
      values[index] = value ?? undefined;
    }
    return toParams(this.#space, values);
  }
}
