import { z } from 'zod';
import { OptunaGrid } from '../../search/optuna/grid-sampler.js';
import type { MersenneTwister } from '../../search/optuna/mersenne-twister.js';
import { OptunaHyperband } from '../../search/optuna/pruners/hyperband.js';
import { OptunaPatient } from '../../search/optuna/pruners/patient.js';
import { OptunaPercentile } from '../../search/optuna/pruners/percentile.js';
import type { StudyPruner } from '../../search/optuna/pruners/pruner.js';
import { OptunaSuccessiveHalving } from '../../search/optuna/pruners/successive-halving.js';
import { OptunaThreshold } from '../../search/optuna/pruners/threshold.js';
import { OptunaWilcoxon } from '../../search/optuna/pruners/wilcoxon.js';
import { OptunaQmc } from '../../search/optuna/qmc-sampler.js';
import { OptunaRandom, type Profile } from '../../search/optuna/random-sampler.js';
import type { StudySampler } from '../../search/optuna/study.js';
import { OptunaTpe } from '../../search/optuna/tpe-sampler.js';
import type { Trace, TraceSettings } from './trace.js';

export interface TracedSampler {
  readonly sampler: StudySampler;
  /** In the order in which traces have their fingerprints. */
  readonly generators: readonly MersenneTwister[];
}

/** The sampler that a trace was made with. @throws {Error} for one that is not reimplemented */
export function samplerOf({ sampler, optuna, argsort }: Trace): TracedSampler {
  const profile: Profile = optuna.version.startsWith('4.') ? '4.9' : '5';
  switch (sampler.kind) {
    case 'random': {
      const made = new OptunaRandom(seedOf(sampler), profile);
      return { sampler: made, generators: [made.generator] };
    }
    case 'grid': {
      const values = z.record(z.string(), z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])));
      const made = new OptunaGrid(values.parse(sampler['search_space']), z.number().nullable().parse(sampler['seed']));
      return { sampler: made, generators: [made.generator] };
    }
    case 'qmc': {
      if (sampler['scramble'] === true) throw new Error('scrambled sequences are not reimplemented');
      const sequence = z.enum(['sobol', 'halton']).default('sobol').parse(sampler['qmc_type']);
      const made = new OptunaQmc(seedOf(sampler), sequence, profile);
      return { sampler: made, generators: [made.random.generator] };
    }
    case 'tpe': {
      const made = new OptunaTpe(seedOf(sampler), { ...tpeOptions(sampler), profile, argsort });
      return { sampler: made, generators: [made.generator, made.random.generator] };
    }
    default:
      throw new Error(`sampler ${sampler.kind} is not reimplemented`);
  }
}

function seedOf(settings: TraceSettings): number {
  return z.number().parse(settings['seed']);
}

function tpeOptions(settings: TraceSettings): Partial<ReturnType<typeof tpeSettings.parse>> {
  const { kind: _kind, seed: _seed, ...rest } = settings;
  return tpeSettings.parse(rest);
}

const tpeSettings = z
  .strictObject({
    multivariate: z.boolean().nullish(),
    group: z.boolean().default(false),
    constant_liar: z.boolean().nullish(),
    n_startup_trials: z.number().default(10),
    n_ei_candidates: z.number().default(24),
  })
  .transform((given) => ({
    ...(typeof given.multivariate === 'boolean' ? { multivariate: given.multivariate } : {}),
    ...(typeof given.constant_liar === 'boolean' ? { constantLiar: given.constant_liar } : {}),
    group: given.group,
    startupTrials: given.n_startup_trials,
    candidates: given.n_ei_candidates,
  }));

/** Python's names of pruner arguments and ours. */
const PRUNER_NAMES: Readonly<Record<string, string>> = {
  n_startup_trials: 'startupTrials',
  n_warmup_steps: 'warmupSteps',
  interval_steps: 'intervalSteps',
  n_min_trials: 'minTrials',
  min_resource: 'minResource',
  max_resource: 'maxResource',
  reduction_factor: 'reductionFactor',
  min_early_stopping_rate: 'minEarlyStoppingRate',
  bootstrap_count: 'bootstrapCount',
  min_delta: 'minDelta',
  p_threshold: 'pThreshold',
  n_startup_steps: 'startupSteps',
};

const amount = z.number().exactOptional();
type PrunerSettings = Record<string, unknown>;

const pruners: Readonly<Record<string, (options: PrunerSettings, numpy: string) => StudyPruner>> = {
  nop: () => ({ prune: () => undefined }),
  median: (options) => new OptunaPercentile({ ...schedule.parse(options), percentile: 50 }),
  percentile: (options) => new OptunaPercentile(schedule.extend({ percentile: z.number() }).parse(options)),
  sha: (options) => new OptunaSuccessiveHalving(halving.extend({ minResource }).parse(options)),
  hyperband: (options) =>
    new OptunaHyperband(z.strictObject({ ...brackets, minResource: amount, maxResource: minResource }).parse(options)),
  threshold: (options) =>
    new OptunaThreshold(
      z.strictObject({ lower: amount, upper: amount, warmupSteps: amount, intervalSteps: amount }).parse(options),
    ),
  // Traces with an old numpy have the SciPy of its time, which is not named.
  wilcoxon: (options, numpy) =>
    new OptunaWilcoxon({
      ...z.strictObject({ pThreshold: amount, startupSteps: amount }).parse(options),
      tellsTies: !numpy.startsWith('1.'),
    }),
  patient: ({ wrapped, ...options }, numpy) => {
    const own = z.strictObject({ patience: z.number(), minDelta: amount }).parse(options);
    if (wrapped === null || wrapped === undefined) return new OptunaPatient(own);
    return new OptunaPatient({
      ...own,
      wrapped: prunerOf({ pruner: z.looseObject({ kind: z.string() }).parse(wrapped), numpy }),
    });
  },
};

const minResource = z.union([z.number(), z.literal('auto')]).exactOptional();
const brackets = { reductionFactor: amount, bootstrapCount: amount };
const halving = z.strictObject({ ...brackets, minEarlyStoppingRate: amount });
const schedule = z.strictObject({
  startupTrials: amount,
  warmupSteps: amount,
  intervalSteps: amount,
  minTrials: amount,
});

/** The pruner that a trace was made with. @throws {Error} for one that is not reimplemented */
export function prunerOf({ pruner: { kind, ...settings }, numpy }: Pick<Trace, 'pruner' | 'numpy'>): StudyPruner {
  const make = pruners[kind];
  if (make === undefined) throw new Error(`pruner ${kind} is not reimplemented`);
  const given = Object.entries(settings).filter(([, value]) => value !== null);
  return make(Object.fromEntries(given.map(([name, value]) => [PRUNER_NAMES[name] ?? name, value])), numpy);
}
