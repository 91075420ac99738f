import * as tf from '@tensorflow/tfjs-core';
import { decayed } from '../backend/training-steps.js';
import type { Parameter } from '../model/parameter.js';
import { decayOf, type Optimizer, zerosFor } from './optimizer.js';

const EPSILON = 1e-7;

/**
 * A rule that scales each gradient by what it remembers of the earlier ones. It replaces what it remembers and returns
 * the direction to go against, per unit of learning rate.
 */
type Rule = (gradient: tf.Tensor, memory: readonly Parameter[]) => tf.Tensor;

/** Optimizers whose step is gradient times a scale of its own for every number. */
class Scaled implements Optimizer {
  readonly #parameters: readonly Parameter[];
  readonly #l2: number;
  readonly #rule: Rule;
  /** By what is remembered, then by parameter. */
  readonly #memory: readonly (readonly Parameter[])[];

  constructor(parameters: readonly Parameter[], l2: number, kinds: readonly string[], rule: Rule) {
    this.#parameters = parameters;
    this.#l2 = l2;
    this.#rule = rule;
    this.#memory = kinds.map((kind) => zerosFor(parameters, kind));
  }

  step(gradients: readonly tf.Tensor[], learningRate: number): void {
    for (const [index, parameter] of this.#parameters.entries()) {
      const gradient = decayed(parameter, gradients[index]!, decayOf(parameter, this.#l2));
      const memory = this.#memory.map((kind) => kind[index]!);
      const direction = this.#rule(gradient, memory);
      parameter.assign(tf.sub(parameter.value, tf.mul(direction, learningRate)));
    }
  }

  dispose(): void {
    for (const parameter of this.#memory.flat()) parameter.dispose();
  }
}

/** @see Tieleman and Hinton 2012, Coursera lecture 6.5 */
export function rmsprop(parameters: readonly Parameter[], l2: number, rho: number): Optimizer {
  return new Scaled(parameters, l2, ['square'], (gradient, [square]) => {
    square!.assign(runningMean(square!, tf.square(gradient), rho));
    return tf.div(gradient, tf.add(tf.sqrt(square!.value), EPSILON));
  });
}

/** @see Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html */
export function adagrad(parameters: readonly Parameter[], l2: number): Optimizer {
  return new Scaled(parameters, l2, ['squares'], (gradient, [squares]) => {
    squares!.assign(tf.add(squares!.value, tf.square(gradient)));
    return tf.div(gradient, tf.add(tf.sqrt(squares!.value), EPSILON));
  });
}

/** @see Zeiler 2012, https://arxiv.org/abs/1212.5701, algorithm 1; its own learning rate is 1 */
export function adadelta(parameters: readonly Parameter[], l2: number, rho: number): Optimizer {
  return new Scaled(parameters, l2, ['square', 'squared step'], (gradient, [square, squaredStep]) => {
    square!.assign(runningMean(square!, tf.square(gradient), rho));
    const scale = tf.sqrt(tf.div(tf.add(squaredStep!.value, EPSILON), tf.add(square!.value, EPSILON)));
    const direction = tf.mul(gradient, scale);
    squaredStep!.assign(runningMean(squaredStep!, tf.square(direction), rho));
    return direction;
  });
}

function runningMean(mean: Parameter, value: tf.Tensor, past: number): tf.Tensor {
  return tf.add(tf.mul(mean.value, past), tf.mul(value, 1 - past));
}
