import * as tf from '@tensorflow/tfjs-core';
import { Parameter } from '../model/parameter.js';

/** Moves parameters against their gradients. */
export interface Optimizer {
  /** One step. `gradients` stand in the order of the parameters it was created with. */
  step(gradients: readonly tf.Tensor[], learningRate: number): void;
  /** Frees what it remembers of the gradients. */
  dispose(): void;
}

/** What of a parameter itself joins its gradient: the derivative of l2 * w^2, for kernels. */
export function decayOf(parameter: Parameter, l2: number): number {
  return parameter.decays ? 2 * l2 : 0;
}

/** One number remembered for each of the parameters' numbers, zero at first. */
export function zerosFor(parameters: readonly Parameter[], kind: string): readonly Parameter[] {
  return parameters.map(({ name, value }) => new Parameter(`${name}/${kind}`, tf.zerosLike(value), false));
}
