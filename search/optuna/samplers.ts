import { levels, valueAt } from '../domain.js';
import { type ParamValue, SpaceError } from '../param.js';
import type { Sampler } from '../sampler.js';
import type { Settings } from '../settings.js';
import type { Space } from '../space.js';
import type { ArgsortKind } from './argsort.js';
import type { Distribution } from './distribution.js';
import { OptunaGrid } from './grid-sampler.js';
import { HistorySampler, type SamplerKind } from './history-sampler.js';
import { SOBOL_MAX_DIMENSIONS } from './low-discrepancy.js';
import { distributionsOf } from './params.js';
import { OptunaQmc, type Sequence, spaceKey } from './qmc-sampler.js';
import { OptunaRandom, type Profile } from './random-sampler.js';
import { OptunaTpe } from './tpe-sampler.js';

/** `seed` is Optuna's, in [0, 2^32); default: the lower 32 bits of the study's. */
export interface OptunaTpeOptions {
  readonly type: 'optuna-tpe';
  readonly seed?: number;
  readonly multivariate?: boolean;
  readonly group?: boolean;
  readonly constantLiar?: boolean;
  readonly startupTrials?: number;
  readonly candidates?: number;
  readonly profile?: Profile;
  readonly argsort?: ArgsortKind;
}

export interface OptunaRandomOptions {
  readonly type: 'optuna-random';
  readonly seed?: number;
  readonly profile?: Profile;
}

export interface OptunaGridOptions {
  readonly type: 'optuna-grid';
  readonly seed?: number;
}

export interface OptunaQmcOptions {
  readonly type: 'optuna-qmc';
  readonly seed?: number;
  readonly sequence?: Sequence;
  readonly profile?: Profile;
}

/** Plain JSON, as it stands in a study's first event. */
export type OptunaSamplerOptions = OptunaTpeOptions | OptunaRandomOptions | OptunaGridOptions | OptunaQmcOptions;

const SEED = {
  kind: 'int',
  low: 0,
  high: 2 ** 32 - 1,
  about: "Optuna's seed; otherwise the lower 32 bits of the study's.",
} as const;

const PROFILE = {
  kind: 'choice',
  choices: ['5', '4.9'],
  fallback: '5',
  about: 'The version of Optuna to follow.',
} as const;

/** Every sampler that follows Optuna, by its name in a search file, with its settings. */
export const OPTUNA_SAMPLER_SETTINGS: Readonly<Record<OptunaSamplerOptions['type'], Settings>> = {
  'optuna-tpe': {
    seed: SEED,
    multivariate: {
      kind: 'boolean',
      fallback: true,
      about: 'Draw the parameters that all trials share jointly. Under profile 4.9 the default is false.',
    },
    group: { kind: 'boolean', fallback: false, about: 'Draw those that occur together jointly, group by group.' },
    constantLiar: {
      kind: 'boolean',
      fallback: true,
      about: 'Count running trials as bad ones. Under profile 4.9 the default is false.',
    },
    startupTrials: { kind: 'int', low: 0, high: 1e9, fallback: 10, about: 'Random trials before the first model.' },
    candidates: { kind: 'int', low: 1, high: 10_000, fallback: 24, about: 'Values compared for each suggestion.' },
    profile: PROFILE,
    argsort: {
      kind: 'choice',
      choices: ['simd', 'scalar'],
      fallback: 'simd',
      about: 'How equal values are ordered: as numpy 2 does on x86 with AVX2, or as it does elsewhere.',
    },
  },
  'optuna-random': { seed: SEED, profile: PROFILE },
  'optuna-grid': { seed: SEED },
  'optuna-qmc': {
    seed: SEED,
    sequence: { kind: 'choice', choices: ['sobol', 'halton'], fallback: 'sobol', about: 'Both unscrambled.' },
    profile: PROFILE,
  },
};

/**
 * @param studySeed an integer in [0, 2^53), taken when the options have no seed
 * @throws {SpaceError} when Optuna has no such space
 */
export function createOptunaSampler(options: OptunaSamplerOptions, space: Space, studySeed: number): Sampler {
  const distributions = distributionsOf(options.type, space);
  const seed = options.seed ?? studySeed % 2 ** 32;
  const makeKind = kindOf(options, space, distributions, seed);
  return new HistorySampler(options.type, space, distributions, makeKind);
}

function kindOf(
  options: OptunaSamplerOptions,
  space: Space,
  distributions: readonly Distribution[],
  seed: number,
): () => SamplerKind {
  switch (options.type) {
    case 'optuna-tpe':
      return () => tpeKind(options, space, seed);
    case 'optuna-random':
      return () => {
        const sampler = new OptunaRandom(seed, options.profile);
        return { sampler, generators: [sampler.generator] };
      };
    case 'optuna-grid': {
      const values = gridValues(space);
      return () => gridKind(new OptunaGrid(values, seed));
    }
    case 'optuna-qmc':
      if (options.sequence !== 'halton' && distributions.length > SOBOL_MAX_DIMENSIONS) {
        throw new SpaceError(
          `optuna-qmc has Sobol directions for ${SOBOL_MAX_DIMENSIONS} parameters, but the space has ${distributions.length}; ` +
            'set sequence: halton',
        );
      }
      return () => qmcKind(new OptunaQmc(seed, options.sequence, options.profile), space, distributions);
  }
}

/**
 * Remembers, behind the positions, pairs of parameter index and internal value of what was drawn jointly and not used,
 * because the parameter is not active: while the trial runs, Optuna counts it as observed.
 */
function tpeKind({ type: _type, seed: _seed, ...options }: OptunaTpeOptions, space: Space, seed: number): SamplerKind {
  const sampler = new OptunaTpe(seed, options);
  return {
    sampler,
    generators: [sampler.generator, sampler.random.generator],
    hooks: {
      proposed: (study) => sampler.jointSpaces(study),
      added: (trial, { draws = [] }) => {
        for (let i = 2; i + 1 < draws.length; i += 2) {
          trial.shared ??= new Map();
          trial.shared.set(space.params[draws[i]!]!.name, draws[i + 1]!);
        }
      },
    },
    remember: (_study, trial) =>
      [...(trial.shared ?? [])].flatMap(([name, value]) =>
        trial.params.has(name) ? [] : [space.indexOf.get(name)!, value],
      ),
  };
}

/** Remembers the number of the grid's point. */
function gridKind(sampler: OptunaGrid): SamplerKind {
  return {
    sampler,
    generators: [sampler.generator],
    hooks: {
      added: (trial, { draws }) => {
        if (draws?.[1] !== undefined) trial.gridId = draws[1];
      },
    },
    prepare: (study, { number }) => number < sampler.size || sampler.untried(study).length > 0,
    remember: (_study, { gridId }) => (gridId === undefined ? [] : [gridId]),
  };
}

const GRID_LIMIT = 1_000_000;

function gridValues(space: Space): Record<string, ParamValue[]> {
  let size = 1;
  const values = space.params.map((param): [string, ParamValue[]] => {
    const count = levels(param);
    size *= count;
    if (count === Number.POSITIVE_INFINITY) {
      throw new SpaceError(`parameter ${param.name} needs a step for sampler optuna-grid`, param.name);
    }
    if (size > GRID_LIMIT) {
      throw new SpaceError(
        `a grid of at least ${size} points is too large for optuna-grid, whose limit is ${GRID_LIMIT}`,
      );
    }
    return [param.name, Array.from({ length: count }, (_, level) => valueAt(param, level))];
  });
  return Object.fromEntries(values);
}

/** Remembers how many points of a space have been taken, and which parameters the space has. */
function qmcKind(sampler: OptunaQmc, space: Space, distributions: readonly Distribution[]): SamplerKind {
  const taken = new Map<string, number>();
  const keyOf = (indices: readonly number[]): string =>
    spaceKey(new Map(indices.map((index) => [space.params[index]!.name, distributions[index]!])));
  return {
    sampler,
    generators: [sampler.random.generator],
    hooks: {
      added: (_trial, { draws = [] }) => {
        const [, count, ...indices] = draws;
        if (count === undefined) return;
        const key = keyOf(indices);
        taken.set(key, Math.max(taken.get(key) ?? 0, count));
      },
    },
    prepare: () => {
      sampler.taken.clear();
      for (const [key, count] of taken) sampler.taken.set(key, count);
      return true;
    },
    remember: (study, trial) => {
      if (trial.relative === undefined || trial.relative.size === 0) return [];
      const indices = Array.from(sampler.spaceOf(study).keys(), (name) => space.indexOf.get(name)!);
      return [sampler.taken.get(keyOf(indices))!, ...indices];
    },
  };
}
