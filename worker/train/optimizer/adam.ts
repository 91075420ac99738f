import type * as tf from '@tensorflow/tfjs-core';
import { adamStep, shrink } from '../backend/training-steps.js';
import type { Parameter } from '../model/parameter.js';
import { decayOf, type Optimizer, zerosFor } from './optimizer.js';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Settings of {@link Adam}. */
export interface AdamSettings {
  /** Weight of the sum of squared kernel weights in the loss; its gradient is scaled like the rest. */
  readonly l2: number;
  /** Share of the learning rate by which kernels shrink at each step, past all scaling: AdamW. 0 for plain Adam. */
  readonly weightDecay: number;
}

/**
 * Adam with the paper's settings, and AdamW.
 *
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1
 * @see Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2
 */
export class Adam implements Optimizer {
  readonly #parameters: readonly Parameter[];
  readonly #settings: AdamSettings;
  readonly #means: readonly Parameter[];
  readonly #squares: readonly Parameter[];
  #steps = 0;

  constructor(parameters: readonly Parameter[], settings: AdamSettings) {
    this.#parameters = parameters;
    this.#settings = settings;
    this.#means = zerosFor(parameters, 'mean');
    this.#squares = zerosFor(parameters, 'square');
  }

  step(gradients: readonly tf.Tensor[], learningRate: number): void {
    this.#steps++;
    const { l2, weightDecay } = this.#settings;
    const moments = {
      learningRate: learningRate / (1 - BETA1 ** this.#steps),
      correction: 1 / Math.sqrt(1 - BETA2 ** this.#steps),
      beta1: BETA1,
      beta2: BETA2,
      epsilon: EPSILON,
    };
    for (const [index, parameter] of this.#parameters.entries()) {
      if (weightDecay > 0 && parameter.decays) shrink(parameter, learningRate * weightDecay);
      const settings = { ...moments, decay: decayOf(parameter, l2) };
      adamStep(parameter, gradients[index]!, this.#means[index]!, this.#squares[index]!, settings);
    }
  }

  dispose(): void {
    for (const moment of [...this.#means, ...this.#squares]) moment.dispose();
  }
}
