import type { TrainConfig } from '../../../proto/objective.js';
import type { Parameter } from '../model/parameter.js';
import { Adam } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { Sgd } from './sgd.js';

/** The optimizer a study asks for, with the penalty on squared kernel weights, which it adds to the gradients. */
export function createOptimizer(
  config: TrainConfig['optimizer'],
  l2: number,
  parameters: readonly Parameter[],
): Optimizer {
  const settings = { learningRate: config.learning_rate, l2 };
  switch (config.type) {
    case 'sgd':
      return new Sgd(parameters, {
        ...settings,
        momentum: config.momentum ?? 0,
        nesterov: config.nesterov ?? false,
      });
    case 'adam':
      return new Adam(parameters, settings);
  }
}
