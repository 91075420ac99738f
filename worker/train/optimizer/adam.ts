import * as tf from '@tensorflow/tfjs-core';
import { adamStep } from '../backend/training-steps.js';
import { Parameter } from '../model/parameter.js';
import { decayOf, type Optimizer, type OptimizerSettings } from './optimizer.js';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Adam with the paper's settings.
 *
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1
 */
export class Adam implements Optimizer {
  readonly #parameters: readonly Parameter[];
  readonly #settings: OptimizerSettings;
  readonly #means: readonly Parameter[];
  readonly #squares: readonly Parameter[];
  #steps = 0;

  constructor(parameters: readonly Parameter[], settings: OptimizerSettings) {
    this.#parameters = parameters;
    this.#settings = settings;
    const zeros = (kind: string): Parameter[] =>
      parameters.map(({ name, value }) => new Parameter(`${name}/${kind}`, tf.zerosLike(value), false));
    this.#means = zeros('mean');
    this.#squares = zeros('square');
  }

  step(gradients: readonly tf.Tensor[]): void {
    this.#steps++;
    const learningRate = this.#settings.learningRate / (1 - BETA1 ** this.#steps);
    const correction = 1 / Math.sqrt(1 - BETA2 ** this.#steps);
    for (const [index, parameter] of this.#parameters.entries()) {
      const decay = decayOf(parameter, this.#settings);
      const settings = { learningRate, correction, decay, beta1: BETA1, beta2: BETA2, epsilon: EPSILON };
      adamStep(parameter, gradients[index]!, this.#means[index]!, this.#squares[index]!, settings);
    }
  }

  dispose(): void {
    for (const moment of [...this.#means, ...this.#squares]) moment.dispose();
  }
}
