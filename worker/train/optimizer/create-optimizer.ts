import type { TrainConfig } from '../../../proto/objective.js';
import type { Parameter } from '../model/parameter.js';
import { Adam } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { Sgd } from './sgd.js';

export function createOptimizer(config: TrainConfig['optimizer'], parameters: readonly Parameter[]): Optimizer {
  switch (config.type) {
    case 'sgd':
      return new Sgd(parameters, {
        learningRate: config.learning_rate,
        momentum: config.momentum ?? 0,
        nesterov: config.nesterov ?? false,
      });
    case 'adam':
      return new Adam(parameters, config.learning_rate);
  }
}
