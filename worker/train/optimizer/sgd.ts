import * as tf from '@tensorflow/tfjs-core';
import { Parameter } from '../model/parameter.js';
import type { Optimizer } from './optimizer.js';

/** Settings of {@link Sgd}. */
export interface SgdSettings {
  readonly learningRate: number;
  /** In [0, 1). */
  readonly momentum: number;
  readonly nesterov: boolean;
}

/**
 * Stochastic gradient descent: velocity = momentum * velocity + gradient, then the parameter moves by
 * -learningRate * velocity; with Nesterov's momentum by -learningRate * (gradient + momentum * velocity).
 *
 * @see Sutskever et al. 2013, in the form that most libraries use, where the learning rate scales the velocity late
 */
export class Sgd implements Optimizer {
  readonly #parameters: readonly Parameter[];
  readonly #settings: SgdSettings;
  readonly #velocities: readonly Parameter[];

  constructor(parameters: readonly Parameter[], settings: SgdSettings) {
    this.#parameters = parameters;
    this.#settings = settings;
    this.#velocities =
      settings.momentum === 0
        ? []
        : parameters.map(({ name, value }) => new Parameter(`${name}/velocity`, tf.zerosLike(value), false));
  }

  step(gradients: readonly tf.Tensor[]): void {
    for (const [index, parameter] of this.#parameters.entries()) {
      const direction = this.#direction(gradients[index]!, this.#velocities[index]);
      parameter.assign(tf.sub(parameter.value, tf.mul(direction, this.#settings.learningRate)));
    }
  }

  #direction(gradient: tf.Tensor, velocity: Parameter | undefined): tf.Tensor {
    if (velocity === undefined) return gradient;
    const { momentum, nesterov } = this.#settings;
    velocity.assign(tf.add(tf.mul(velocity.value, momentum), gradient));
    return nesterov ? tf.add(gradient, tf.mul(velocity.value, momentum)) : velocity.value;
  }

  dispose(): void {
    for (const velocity of this.#velocities) velocity.dispose();
  }
}
