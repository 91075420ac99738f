import type * as tf from '@tensorflow/tfjs-core';
import { momentumStep, sgdStep } from '../backend/training-steps.js';
import type { Parameter } from '../model/parameter.js';
import { decayOf, type Optimizer, zerosFor } from './optimizer.js';

/** Settings of {@link Sgd}. */
export interface SgdSettings {
  /** Weight of the sum of squared kernel weights in the loss. */
  readonly l2: number;
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
    this.#velocities = settings.momentum === 0 ? [] : zerosFor(parameters, 'velocity');
  }

  step(gradients: readonly tf.Tensor[], learningRate: number): void {
    const { l2, momentum, nesterov } = this.#settings;
    for (const [index, parameter] of this.#parameters.entries()) {
      const settings = { learningRate, momentum, nesterov, decay: decayOf(parameter, l2) };
      const velocity = this.#velocities[index];
      if (velocity === undefined) sgdStep(parameter, gradients[index]!, settings);
      else momentumStep(parameter, gradients[index]!, velocity, settings);
    }
  }

  dispose(): void {
    for (const velocity of this.#velocities) velocity.dispose();
  }
}
