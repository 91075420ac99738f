import type { Goal } from '../param.js';
import type { Pruner } from '../pruner.js';
import type { Settings } from '../settings.js';
import { HistoryPruner } from './history-pruner.js';
import { type HyperbandOptions, OptunaHyperband } from './pruners/hyperband.js';
import { OptunaPatient } from './pruners/patient.js';
import { OptunaPercentile, type PercentileOptions } from './pruners/percentile.js';
import type { StudyPruner } from './pruners/pruner.js';
import { OptunaSuccessiveHalving, type SuccessiveHalvingOptions } from './pruners/successive-halving.js';
import { OptunaThreshold, type ThresholdOptions } from './pruners/threshold.js';
import { OptunaWilcoxon, type WilcoxonOptions } from './pruners/wilcoxon.js';

export interface OptunaNopOptions {
  readonly type: 'optuna-nop';
}

export interface OptunaMedianOptions extends Omit<PercentileOptions, 'percentile'> {
  readonly type: 'optuna-median';
}

export interface OptunaPercentileOptions extends Partial<PercentileOptions> {
  readonly type: 'optuna-percentile';
}

/** Without `minResource` it is "auto". */
export interface OptunaShaOptions extends SuccessiveHalvingOptions {
  readonly type: 'optuna-sha';
}

/** Without `maxResource` it is "auto". The study's name decides which trial is in which bracket. */
export interface OptunaHyperbandOptions extends HyperbandOptions {
  readonly type: 'optuna-hyperband';
}

export interface OptunaPatientOptions {
  readonly type: 'optuna-patient';
  readonly patience?: number;
  readonly minDelta?: number;
  readonly wrapped?: OptunaPrunerOptions;
}

export interface OptunaThresholdOptions extends ThresholdOptions {
  readonly type: 'optuna-threshold';
}

export interface OptunaWilcoxonOptions extends Omit<WilcoxonOptions, 'tellsTies'> {
  readonly type: 'optuna-wilcoxon';
}

/** Plain JSON, as it stands in a study's first event. */
export type OptunaPrunerOptions =
  | OptunaNopOptions
  | OptunaMedianOptions
  | OptunaPercentileOptions
  | OptunaShaOptions
  | OptunaHyperbandOptions
  | OptunaPatientOptions
  | OptunaThresholdOptions
  | OptunaWilcoxonOptions;

const BIG = 1_000_000_000;
const STEPS = { kind: 'int', low: 0, high: BIG } as const;
const REAL = { kind: 'number', low: -Number.MAX_VALUE, high: Number.MAX_VALUE } as const;

const INTERVALS = {
  warmupSteps: { ...STEPS, fallback: 0, about: 'No trial is stopped before this step.' },
  intervalSteps: { ...STEPS, low: 1, fallback: 1, about: 'Steps between two judgements.' },
} as const satisfies Settings;

const MEDIAN = {
  startupTrials: { ...STEPS, fallback: 5, about: 'Complete trials to wait for.' },
  ...INTERVALS,
  minTrials: { ...STEPS, low: 1, fallback: 1, about: 'Complete trials with a value at the same step to wait for.' },
} as const satisfies Settings;

const BRACKETS = {
  bootstrapCount: { ...STEPS, fallback: 0, about: 'Trials that must complete a rung before one goes on from it.' },
} as const satisfies Settings;

/** Every pruner that follows Optuna, by its name in a search file, with its settings. */
export const OPTUNA_PRUNER_SETTINGS: Readonly<Record<OptunaPrunerOptions['type'], Settings>> = {
  'optuna-nop': {},
  'optuna-median': MEDIAN,
  'optuna-percentile': {
    percentile: { kind: 'number', low: 0, high: 100, fallback: 50, about: 'The share of trials to keep.' },
    ...MEDIAN,
  },
  'optuna-sha': {
    minResource: { ...STEPS, low: 1, about: "The first rung's step; otherwise a hundredth of a complete trial's." },
    reductionFactor: { ...STEPS, low: 2, fallback: 4, about: 'One trial in so many goes on from a rung.' },
    minEarlyStoppingRate: { ...STEPS, high: 100, fallback: 0, about: 'How many of the first rungs to leave out.' },
    ...BRACKETS,
  },
  'optuna-hyperband': {
    minResource: { ...STEPS, low: 1, fallback: 1, about: 'The first rung of the first bracket.' },
    maxResource: { ...STEPS, low: 1, about: "The steps of a whole trial; otherwise a complete trial's." },
    reductionFactor: { ...STEPS, low: 2, fallback: 3, about: 'One trial in so many goes on from a rung.' },
    ...BRACKETS,
  },
  'optuna-patient': {
    patience: { ...STEPS, fallback: 10, about: 'Steps without improvement to wait for.' },
    minDelta: { ...REAL, low: 0, fallback: 0, about: 'How much better counts as improvement.' },
  },
  'optuna-threshold': {
    lower: { ...REAL, about: 'A trial that reports less is stopped.' },
    upper: { ...REAL, about: 'A trial that reports more is stopped.' },
    ...INTERVALS,
  },
  'optuna-wilcoxon': {
    pThreshold: { kind: 'number', low: 0, high: 1, fallback: 0.1, about: 'The probability to stop below.' },
    startupSteps: { ...STEPS, fallback: 2, about: 'Steps in common with the best trial to wait for.' },
  },
};

/** @param studyName decides which trial is in which of Hyperband's brackets */
export function createOptunaPruner(options: OptunaPrunerOptions, _goal: Goal, studyName = ''): Pruner {
  return new HistoryPruner(options.type, () => studyPruner(options), studyName);
}

function studyPruner(options: OptunaPrunerOptions): StudyPruner {
  switch (options.type) {
    case 'optuna-nop':
      return { prune: () => undefined };
    case 'optuna-median':
      return new OptunaPercentile({ ...options, percentile: 50 });
    case 'optuna-percentile':
      return new OptunaPercentile({ percentile: 50, ...options });
    case 'optuna-sha':
      return new OptunaSuccessiveHalving(options);
    case 'optuna-hyperband':
      return new OptunaHyperband(options);
    case 'optuna-patient': {
      const { patience = 10, minDelta = 0, wrapped } = options;
      return new OptunaPatient({
        patience,
        minDelta,
        ...(wrapped === undefined ? {} : { wrapped: studyPruner(wrapped) }),
      });
    }
    case 'optuna-threshold':
      return new OptunaThreshold(options);
    case 'optuna-wilcoxon':
      return new OptunaWilcoxon(options);
  }
}
