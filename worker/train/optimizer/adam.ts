import * as tf from '@tensorflow/tfjs-core';
import { Parameter } from '../model/parameter.js';
import type { Optimizer } from './optimizer.js';

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
  readonly #learningRate: number;
  readonly #means: readonly Parameter[];
  readonly #squares: readonly Parameter[];
  #steps = 0;

  constructor(parameters: readonly Parameter[], learningRate: number) {
    this.#parameters = parameters;
    this.#learningRate = learningRate;
    const zeros = (kind: string): Parameter[] =>
      parameters.map(({ name, value }) => new Parameter(`${name}/${kind}`, tf.zerosLike(value), false));
    this.#means = zeros('mean');
    this.#squares = zeros('square');
  }

  step(gradients: readonly tf.Tensor[]): void {
    this.#steps++;
    const rate = this.#learningRate / (1 - BETA1 ** this.#steps);
    const correction = 1 / Math.sqrt(1 - BETA2 ** this.#steps);
    for (const [index, parameter] of this.#parameters.entries()) {
      const gradient = gradients[index]!;
      const mean = this.#means[index]!;
      const square = this.#squares[index]!;
      mean.assign(tf.add(tf.mul(mean.value, BETA1), tf.mul(gradient, 1 - BETA1)));
      square.assign(tf.add(tf.mul(square.value, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)));
      const spread = tf.add(tf.mul(tf.sqrt(square.value), correction), EPSILON);
      parameter.assign(tf.sub(parameter.value, tf.mul(tf.div(mean.value, spread), rate)));
    }
  }

  dispose(): void {
    for (const moment of [...this.#means, ...this.#squares]) moment.dispose();
  }
}
