export { checkParams, configKey, fillParams, mostDraws, valueFault } from './configuration.js';
export { gridOf } from './grid.js';
export { History, type TrialRecord, type TrialStatus } from './history.js';
export { type Contour, contour, type SlicePoint, slice } from './importance/charts.js';
export type { ForestOptions } from './importance/forest.js';
export { type Importance, importance } from './importance/importance.js';
export {
  type CategoricalParam,
  type Condition,
  type FloatParam,
  type Goal,
  type IntParam,
  type ParamSpec,
  type Params,
  type ParamValue,
  SpaceError,
  type Test,
} from './param.js';
export type { Promoter, Pruner, Rest, Verdict } from './pruner.js';
export {
  createPromoter,
  createPruner,
  PRUNER_SETTINGS,
  type PrunerContext,
  type PrunerOptions,
  type PrunerType,
  promoterOf,
  prunerFaults,
} from './pruners.js';
export { type Ranked, rank, rankOrder, type Standing, shareRank } from './rank.js';
export { parseRelation } from './relations.js';
export { type RepeatStanding, Repeats } from './repeats.js';
export { Rng, trialSeed } from './rng.js';
export type { Sampler, Suggestion } from './sampler.js';
export { createSampler, SAMPLER_SETTINGS, type SamplerOptions, type SamplerType, samplerFaults } from './samplers.js';
export type { Setting, Settings } from './settings.js';
export { createSpace, type Space } from './space.js';
export { isBetter, type Report, trialValue } from './trial-value.js';
