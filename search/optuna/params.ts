import { type FloatParam, type IntParam, type ParamSpec, SpaceError } from '../param.js';
import type { Space } from '../space.js';
import { type Distribution, floatDistribution, intDistribution } from './distribution.js';

/**
 * Optuna's distributions of a space, by parameter index.
 *
 * @throws {SpaceError} for what Optuna does not have
 */
export function distributionsOf(sampler: string, space: Space): Distribution[] {
  if (space.relations.length > 0) {
    throw new SpaceError(
      `sampler ${sampler} follows Optuna, which has no relations between parameters; remove relations or use sampler auto`,
    );
  }
  return space.params.map((param) => distributionOf(sampler, param));
}

function distributionOf(sampler: string, param: ParamSpec): Distribution {
  if (param.kind === 'categorical') return { type: 'categorical', choices: param.choices };
  if (param.log && param.step !== undefined && !(param.kind === 'int' && param.step === 1))
    throw steppedLog(sampler, param);
  const { low, high, log } = param;
  return param.kind === 'int'
    ? intDistribution(low, high, log, param.step)
    : floatDistribution(low, high, log, param.step ?? null);
}

function steppedLog(sampler: string, { name, step }: FloatParam | IntParam): SpaceError {
  return new SpaceError(
    `parameter ${name}: step ${step} on a logarithmic scale is more than sampler ${sampler} can do; leave out step or log`,
    name,
  );
}
