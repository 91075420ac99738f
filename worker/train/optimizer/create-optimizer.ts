import type { TrainConfig } from '../../../proto/objective.js';
import type { Parameter } from '../model/parameter.js';
import { Adam } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { adadelta, adagrad, rmsprop } from './scaled.js';
import { Sgd } from './sgd.js';

/** The optimizer a study asks for, with the penalty on squared kernel weights, which it adds to the gradients. */
export function createOptimizer(
  config: Omit<TrainConfig['optimizer'], 'learning_rate' | 'schedule' | 'warmup' | 'final'>,
  l2: number,
  parameters: readonly Parameter[],
): Optimizer {
  switch (config.type) {
    case 'sgd':
      return new Sgd(parameters, { l2, momentum: config.momentum ?? 0, nesterov: config.nesterov ?? false });
    case 'adam':
      return new Adam(parameters, { l2, weightDecay: 0 });
    case 'adamw':
      return new Adam(parameters, { l2, weightDecay: config.weight_decay ?? 0.01 });
    case 'rmsprop':
      return rmsprop(parameters, l2, config.rho ?? 0.9);
    case 'adagrad':
      return adagrad(parameters, l2);
    case 'adadelta':
      return adadelta(parameters, l2, config.rho ?? 0.95);
  }
}
