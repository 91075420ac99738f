import { AshaPruner } from './asha.js';
import { ExtrapolationPruner } from './extrapolation.js';
import { HyperbandPruner } from './hyperband.js';
import { createOptunaPruner, OPTUNA_PRUNER_SETTINGS, type OptunaPrunerOptions } from './optuna/index.js';
import type { Goal } from './param.js';
import { PatiencePruner } from './patience.js';
import { PercentilePruner } from './percentile.js';
import { PromotionPruner } from './promotion.js';
import { KEEP, type Promoter, type Pruner } from './pruner.js';
import type { Schedule } from './schedule.js';
import { type Settings, settingFaults } from './settings.js';
import { ThresholdPruner } from './threshold.js';

export interface NoneOptions {
  readonly type: 'none';
}

export interface MedianOptions {
  readonly type: 'median';
  readonly startupTrials?: number;
  readonly warmupSteps?: number;
  readonly interval?: number;
}

export interface PercentileOptions {
  readonly type: 'percentile';
  /** In (0, 100): a trial is stopped unless it is among the best so many percent. */
  readonly percentile?: number;
  readonly startupTrials?: number;
  readonly warmupSteps?: number;
  readonly interval?: number;
}

export interface PatienceOptions {
  readonly type: 'patience';
  readonly patience?: number;
  readonly minDelta?: number;
}

export interface ThresholdOptions {
  readonly type: 'threshold';
  readonly lower?: number;
  readonly upper?: number;
  readonly warmupSteps?: number;
  readonly interval?: number;
}

export interface AshaOptions {
  readonly type: 'asha';
  readonly minStep?: number;
  readonly factor?: number;
  /** Whether trials rest at each rung until they are promoted; else those behind are stopped for good. */
  readonly promotion?: boolean;
}

export interface HyperbandOptions {
  readonly type: 'hyperband';
  readonly minStep?: number;
  readonly factor?: number;
  readonly brackets?: number;
}

export interface ExtrapolationOptions {
  readonly type: 'extrapolation';
  /** In (0.5, 1): how sure it must be that a trial will stay behind the best one. */
  readonly confidence?: number;
  readonly startupTrials?: number;
  readonly warmupSteps?: number;
  readonly interval?: number;
}

/** Plain JSON, as it stands in a study's first event. */
export type PrunerOptions =
  | NoneOptions
  | MedianOptions
  | PercentileOptions
  | PatienceOptions
  | ThresholdOptions
  | AshaOptions
  | HyperbandOptions
  | ExtrapolationOptions
  | OptunaPrunerOptions;

export type PrunerType = PrunerOptions['type'];

const BIG = 1_000_000_000;

const SCHEDULE = {
  startupTrials: {
    kind: 'int',
    low: 1,
    high: BIG,
    fallback: 5,
    about: 'Complete trials to wait for before any is stopped.',
  },
  warmupSteps: { kind: 'int', low: 0, high: BIG, fallback: 0, about: 'No trial is stopped before this step.' },
  interval: {
    kind: 'int',
    low: 1,
    high: BIG,
    fallback: 1,
    about: 'Steps between two judgements, counted from warmup_steps.',
  },
} as const satisfies Settings;

const LADDER = {
  minStep: { kind: 'int', low: 1, high: BIG, fallback: 1, about: 'The step of the first rung.' },
  factor: {
    kind: 'int',
    low: 2,
    high: 1000,
    fallback: 3,
    about: 'One trial in so many passes a rung; each rung is so many times as far as the one before.',
  },
} as const satisfies Settings;

/** Every pruner by its name in a search file, with its settings. */
export const PRUNER_SETTINGS: Readonly<Record<PrunerType, Settings>> = {
  none: {},
  median: SCHEDULE,
  percentile: {
    percentile: {
      kind: 'number',
      low: 0.001,
      high: 99.999,
      fallback: 50,
      about: 'A trial goes on while it is among the best so many percent of the complete trials at its step.',
    },
    ...SCHEDULE,
  },
  patience: {
    patience: {
      kind: 'int',
      low: 1,
      high: BIG,
      fallback: 10,
      about: 'Reports without progress after which a trial is stopped.',
    },
    minDelta: {
      kind: 'number',
      low: 0,
      high: Number.MAX_VALUE,
      fallback: 0,
      about: 'Progress must be greater than this.',
    },
  },
  threshold: {
    lower: {
      kind: 'number',
      low: -Number.MAX_VALUE,
      high: Number.MAX_VALUE,
      about: 'A trial that reports less is stopped.',
    },
    upper: {
      kind: 'number',
      low: -Number.MAX_VALUE,
      high: Number.MAX_VALUE,
      about: 'A trial that reports more is stopped.',
    },
    warmupSteps: SCHEDULE.warmupSteps,
    interval: SCHEDULE.interval,
  },
  asha: {
    ...LADDER,
    promotion: {
      kind: 'boolean',
      fallback: false,
      about: 'Trials rest at each rung and the best go on when a slot is free; otherwise those behind are stopped.',
    },
  },
  hyperband: {
    ...LADDER,
    brackets: {
      kind: 'int',
      low: 1,
      high: 20,
      fallback: 3,
      about: 'Ladders that trials are divided among; each begins one rung later than the one before.',
    },
  },
  extrapolation: {
    confidence: {
      kind: 'number',
      low: 0.5,
      high: 0.999_999,
      fallback: 0.9,
      about: 'A trial is stopped when it stays behind the best complete one with this confidence.',
    },
    startupTrials: { ...SCHEDULE.startupTrials, fallback: 10 },
    warmupSteps: { ...SCHEDULE.warmupSteps, fallback: 3 },
    interval: SCHEDULE.interval,
  },
  ...OPTUNA_PRUNER_SETTINGS,
};

/** What is wrong with a pruner's options, in words. */
export function prunerFaults(options: { readonly type: string }): string[] {
  if (!Object.hasOwn(PRUNER_SETTINGS, options.type)) {
    return [`pruner ${options.type} does not exist; known: ${Object.keys(PRUNER_SETTINGS).join(', ')}`];
  }
  const given: Readonly<Record<string, unknown>> = { ...options };
  const faults = settingFaults(`pruner ${options.type}`, PRUNER_SETTINGS[options.type as PrunerType], given);
  if (options.type === 'threshold' && given['lower'] === undefined && given['upper'] === undefined) {
    faults.push('pruner threshold needs lower, upper or both');
  }
  return faults;
}

/** What a pruner may want to know of its study besides the history. */
export interface PrunerContext {
  /** Decides under `optuna-hyperband` which trial is in which bracket. Default: empty. */
  readonly studyName?: string;
}

/** @throws {RangeError} when a setting is out of its range */
export function createPruner(options: PrunerOptions, goal: Goal, context: PrunerContext = {}): Pruner {
  const faults = prunerFaults(options);
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  switch (options.type) {
    case 'none':
      return { name: 'none', judge: () => KEEP };
    case 'median':
      return new PercentilePruner('median', 50, schedule(options), goal);
    case 'percentile':
      return new PercentilePruner('percentile', options.percentile ?? 50, schedule(options), goal);
    case 'patience':
      return new PatiencePruner(options.patience ?? 10, options.minDelta ?? 0, goal);
    case 'threshold':
      return new ThresholdPruner(
        options.lower ?? Number.NEGATIVE_INFINITY,
        options.upper ?? Number.POSITIVE_INFINITY,
        schedule(options),
      );
    case 'asha':
      if (options.promotion === true) return { name: 'asha-promotion', judge: () => KEEP };
      return new AshaPruner(options.minStep ?? 1, options.factor ?? 3, goal);
    case 'hyperband':
      return new HyperbandPruner(options.minStep ?? 1, options.factor ?? 3, options.brackets ?? 3, goal);
    case 'extrapolation':
      return new ExtrapolationPruner(
        options.confidence ?? 0.9,
        schedule({ startupTrials: 10, warmupSteps: 3, ...options }),
        goal,
      );
    case 'optuna-nop':
    case 'optuna-median':
    case 'optuna-percentile':
    case 'optuna-sha':
    case 'optuna-hyperband':
    case 'optuna-patient':
    case 'optuna-threshold':
    case 'optuna-wilcoxon':
      return createOptunaPruner(options, goal, context.studyName);
  }
}

/** What gives training out in portions, beside the pruner, where the options say so. */
export function promoterOf(options: PrunerOptions, goal: Goal): Promoter | undefined {
  return options.type === 'asha' && options.promotion === true ? createPromoter(options, goal) : undefined;
}

/**
 * Successive halving by promotion, for objectives that can be resumed from a checkpoint.
 *
 * @throws {RangeError} when a setting is out of its range
 */
export function createPromoter(options: AshaOptions, goal: Goal): Promoter {
  const faults = prunerFaults(options);
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  return new PromotionPruner(options.minStep ?? 1, options.factor ?? 3, goal);
}

function schedule(options: { startupTrials?: number; warmupSteps?: number; interval?: number }): Schedule {
  return {
    startupTrials: options.startupTrials ?? 5,
    warmupSteps: options.warmupSteps ?? 0,
    interval: options.interval ?? 1,
  };
}
