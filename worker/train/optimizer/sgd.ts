import * as tf from '@tensorflow/tfjs-core';
import { momentumStep, sgdStep } from '../backend/training-steps.js';
import { Parameter } from '../model/parameter.js';
import { decayOf, type Optimizer, type OptimizerSettings } from './optimizer.js';

/** Settings of {@link Sgd}. */
export interface SgdSettings extends OptimizerSettings {
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
      const settings = { ...this.#settings, decay: decayOf(parameter, this.#settings) };
      const velocity = this.#velocities[index];
      if (velocity === undefined) sgdStep(parameter, gradients[index]!, settings);
      else momentumStep(parameter, gradients[index]!, velocity, settings);
    }
  }

  dispose(): void {
    for (const velocity of this.#velocities) velocity.dispose();
  }
}
