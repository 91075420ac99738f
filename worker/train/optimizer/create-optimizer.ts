import type { OptimizerConfig } from '../../../proto/optimization.js';
import type { Parameter } from '../model/parameter.js';
import { Optimizer } from './optimizer.js';
import type { Rule } from './rule.js';
import { adadelta, adagrad, adam, rmsprop, sgd } from './rules.js';

/** The optimizer a study asks for, with the penalties on kernel weights, which it adds to the gradients. */
export function createOptimizer(
  config: Omit<OptimizerConfig, 'learning_rate' | 'schedule'>,
  { l1, l2 }: { readonly l1: number; readonly l2: number },
  parameters: readonly Parameter[],
): Optimizer {
  const weightDecay = config.weight_decay ?? (config.type === 'adamw' ? 0.01 : 0);
  const limits = { norm: config.clip_norm, value: config.clip_value };
  return new Optimizer(parameters, ruleOf(config), { l1, l2, weightDecay }, limits);
}

function ruleOf(config: Omit<OptimizerConfig, 'learning_rate' | 'schedule'>): Rule {
  switch (config.type) {
    case 'sgd':
      return sgd(config.momentum ?? 0, config.nesterov ?? false);
    case 'rmsprop':
      return rmsprop(config.rho ?? 0.9, config.epsilon ?? 1e-7);
    case 'adagrad':
      return adagrad(config.epsilon ?? 1e-7);
    case 'adadelta':
      return adadelta(config.rho ?? 0.95, config.epsilon ?? 1e-7);
    case 'adam':
    case 'adamw': {
      const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = config;
      return adam({ beta1, beta2, epsilon });
    }
  }
}
