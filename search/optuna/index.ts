export {
  createOptunaPruner,
  OPTUNA_PRUNER_SETTINGS,
  type OptunaPrunerOptions,
} from './pruners.js';
export {
  createOptunaSampler,
  OPTUNA_SAMPLER_SETTINGS,
  type OptunaSamplerOptions,
} from './samplers.js';
