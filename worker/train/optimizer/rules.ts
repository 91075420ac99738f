import * as tf from '@tensorflow/tfjs-core';
import { adamStep, decayed, momentumStep, scaledStep, sgdStep } from '../backend/training-steps.js';
import type { Parameter } from '../model/parameter.js';
import type { Rule } from './rule.js';

/**
 * Stochastic gradient descent: velocity = momentum * velocity + gradient, then the parameter moves by
 * -learningRate * velocity; with Nesterov's momentum by -learningRate * (gradient + momentum * velocity).
 *
 * @param momentum in [0, 1)
 * @see Sutskever et al. 2013, in the form that most libraries use, where the learning rate scales the velocity late
 */
export function sgd(momentum: number, nesterov: boolean): Rule {
  if (momentum === 0)
    return { kinds: [], move: (parameter, gradient, _memory, step) => sgdStep(parameter, gradient, step) };
  return {
    kinds: ['velocity'],
    move: (parameter, gradient, [velocity], step) =>
      momentumStep(parameter, gradient, velocity!, { ...step, momentum, nesterov }),
  };
}

/** Settings of {@link adam}. */
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1 */
export function adam({ beta1, beta2, epsilon }: AdamSettings): Rule {
  return {
    kinds: ['mean', 'square'],
    move: (parameter, gradient, [mean, square], { learningRate, decay, count }) =>
      adamStep(parameter, gradient, mean!, square!, {
        learningRate: learningRate / (1 - beta1 ** count),
        decay,
        correction: 1 / Math.sqrt(1 - beta2 ** count),
        beta1,
        beta2,
        epsilon,
      }),
  };
}

/** @see Tieleman and Hinton 2012, Coursera lecture 6.5 */
export function rmsprop(rho: number, epsilon: number): Rule {
  return {
    kinds: ['square'],
    move: (parameter, gradient, [square], step) =>
      scaledStep(parameter, gradient, square!, { ...step, past: rho, share: 1 - rho, epsilon }),
  };
}

/** @see Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html */
export function adagrad(epsilon: number): Rule {
  return {
    kinds: ['squares'],
    move: (parameter, gradient, [squares], step) =>
      scaledStep(parameter, gradient, squares!, { ...step, past: 1, share: 1, epsilon }),
  };
}

/** @see Zeiler 2012, https://arxiv.org/abs/1212.5701, algorithm 1; its own learning rate is 1 */
export function adadelta(rho: number, epsilon: number): Rule {
  return {
    kinds: ['square', 'squared step'],
    move: (parameter, gradient, [square, squaredStep], { learningRate, decay }) => {
      const slope = decayed(parameter, gradient, decay);
      square!.assign(runningMean(square!, tf.square(slope), rho));
      const scale = tf.sqrt(tf.div(tf.add(squaredStep!.value, epsilon), tf.add(square!.value, epsilon)));
      const direction = tf.mul(slope, scale);
      squaredStep!.assign(runningMean(squaredStep!, tf.square(direction), rho));
      parameter.assign(tf.sub(parameter.value, tf.mul(direction, learningRate)));
    },
  };
}

function runningMean(mean: Parameter, value: tf.Tensor, past: number): tf.Tensor {
  return tf.add(tf.mul(mean.value, past), tf.mul(value, 1 - past));
}
