import type * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../model/parameter.js';

/** Moves parameters against their gradients. */
export interface Optimizer {
  /** One step. `gradients` stand in the order of the parameters it was created with. */
  step(gradients: readonly tf.Tensor[]): void;
  /** Frees what it remembers of the gradients. */
  dispose(): void;
}

/** Settings that every optimizer has. */
export interface OptimizerSettings {
  readonly learningRate: number;
  /** Weight of the sum of squared kernel weights in the loss; its derivative joins the gradients. */
  readonly l2: number;
}

/** What of a parameter itself joins its gradient: the derivative of l2 * w^2, for kernels. */
export function decayOf(parameter: Parameter, settings: OptimizerSettings): number {
  return parameter.decays ? 2 * settings.l2 : 0;
}
