import { AutoSampler } from './auto.js';
import { GridSampler } from './grid.js';
import { createOptunaSampler, OPTUNA_SAMPLER_SETTINGS, type OptunaSamplerOptions } from './optuna/index.js';
import { type Goal, SpaceError } from './param.js';
import { QmcSampler } from './qmc.js';
import { FreshDraws, RandomSampler } from './random.js';
import { Rng } from './rng.js';
import type { Sampler } from './sampler.js';
import { type Settings, settingFaults } from './settings.js';
import type { Space } from './space.js';
import { TpeSampler } from './tpe/tpe.js';

export interface AutoOptions {
  readonly type: 'auto';
  readonly startupTrials?: number;
  /** 0 or more: by how much a configuration that trains e times as long must promise more. */
  readonly costWeight?: number;
}

export interface TpeOptions {
  readonly type: 'tpe';
  readonly startupTrials?: number;
  readonly candidates?: number;
}

export interface RandomOptions {
  readonly type: 'random';
}

export interface GridOptions {
  readonly type: 'grid';
  /** Values of a real parameter without a step. */
  readonly points?: number;
}

export interface QmcOptions {
  readonly type: 'qmc';
  /** Whether the points follow the seed; default true. */
  readonly scramble?: boolean;
}

/** Plain JSON, as it stands in a study's first event. */
export type SamplerOptions = AutoOptions | TpeOptions | RandomOptions | GridOptions | QmcOptions | OptunaSamplerOptions;

export type SamplerType = SamplerOptions['type'];

const STARTUP = {
  kind: 'int',
  low: 1,
  high: 100_000,
  about: 'Trials that are spread over the space before any model is asked.',
} as const;

/** Every sampler by its name in a search file, with its settings. */
export const SAMPLER_SETTINGS: Readonly<Record<SamplerType, Settings>> = {
  auto: {
    startupTrials: { ...STARTUP, fallback: 10 },
    costWeight: {
      kind: 'number',
      low: 0,
      high: 10,
      fallback: 0,
      about:
        'Where time counts: standard deviations by which a configuration that trains 2.7 times as long must promise more. ' +
        'Above 0, suggestions depend on how long trials took.',
    },
  },
  tpe: {
    startupTrials: { ...STARTUP, fallback: 10 },
    candidates: {
      kind: 'int',
      low: 1,
      high: 10_000,
      fallback: 24,
      about: 'Configurations compared for each suggestion.',
    },
  },
  random: {},
  grid: {
    points: {
      kind: 'int',
      low: 1,
      high: 1_000_000,
      fallback: 10,
      about: 'Values of a real parameter without a step, evenly spaced on its scale, both ends included.',
    },
  },
  qmc: {
    scramble: {
      kind: 'boolean',
      fallback: true,
      about: "Scramble the Sobol' sequence by the study's seed; without, every seed gets the same points.",
    },
  },
  ...OPTUNA_SAMPLER_SETTINGS,
};

/** What is wrong with a sampler's options, in words. */
export function samplerFaults(options: { readonly type: string }): string[] {
  if (!Object.hasOwn(SAMPLER_SETTINGS, options.type)) {
    return [`sampler ${options.type} does not exist; known: ${Object.keys(SAMPLER_SETTINGS).join(', ')}`];
  }
  return settingFaults(`sampler ${options.type}`, SAMPLER_SETTINGS[options.type as SamplerType], { ...options });
}

/**
 * @param seed an integer in [0, 2^53)
 * @throws {RangeError} when a setting is out of its range
 * @throws {SpaceError} when this sampler cannot search this space
 */
export function createSampler(options: SamplerOptions, space: Space, _goal: Goal, seed: number): Sampler {
  const faults = samplerFaults(options);
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  switch (options.type) {
    case 'random':
      assertFeasible(space);
      return new RandomSampler(space, seed);
    case 'grid':
      return new GridSampler(space, options.points ?? 10);
    case 'qmc':
      assertFeasible(space);
      return new QmcSampler(space, seed, options.scramble ?? true);
    case 'auto':
      assertFeasible(space);
      return new AutoSampler(space, seed, options.startupTrials ?? 10, options.costWeight ?? 0);
    case 'tpe':
      assertFeasible(space);
      return new TpeSampler(space, seed, options.startupTrials ?? 10, options.candidates ?? 24);
    case 'optuna-tpe':
    case 'optuna-random':
    case 'optuna-grid':
    case 'optuna-qmc':
      return createOptunaSampler(options, space, seed);
  }
}

/** Relations that next to nothing satisfies are a mistake to be told of at once, not a search that ends before it begins. */
function assertFeasible(space: Space): void {
  if (space.relations.length === 0 || new FreshDraws(space).draw(new Rng(0, 0)) !== undefined) return;
  const texts = space.relations.map(({ text }) => `"${text}"`).join(', ');
  throw new SpaceError(
    `no configuration was found that satisfies the relations ${texts}; they leave too little to search`,
  );
}
