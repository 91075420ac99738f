import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../../../proto/architecture.js';
import { reluGradient } from '../backend/training-steps.js';

/** A function applied to every unit, with its derivative expressed by its own output, which is all that is kept. */
export interface Activation {
  /** What a matrix product or a convolution applies to its sums as it makes them; `finish` does the rest. */
  readonly fused: 'relu' | 'linear';
  finish(sums: tf.Tensor): tf.Tensor;
  /** Everything, for sums that nothing has been applied to. */
  apply(sums: tf.Tensor): tf.Tensor;
  /** The gradient by the input, from the one by the output and the output. */
  backward(gradient: tf.Tensor, output: tf.Tensor): tf.Tensor;
}

/** What a leaky rectifier lets through below zero. */
export const LEAK = 0.01;

/** @see Klambauer et al. 2017, https://arxiv.org/abs/1706.02515 */
const SELU_SCALE = 1.0507009873554805;
const SELU_FLOOR = 1.7580993408473766;

const same = (output: tf.Tensor): tf.Tensor => output;

export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  linear: { fused: 'linear', finish: same, apply: same, backward: same },
  relu: { fused: 'relu', finish: same, apply: tf.relu, backward: reluGradient },
  leaky_relu: unfused(
    (sums) => tf.leakyRelu(sums, LEAK),
    (output) => tf.add(tf.mul(tf.step(output), 1 - LEAK), LEAK),
  ),
  // The derivative of elu is 1 above zero and exp(x) = output + 1 below, where the output is negative.
  elu: unfused(tf.elu, (output) => tf.add(tf.minimum(output, 0), 1)),
  selu: unfused(tf.selu, (output) =>
    tf.add(tf.add(tf.minimum(output, 0), SELU_FLOOR), tf.mul(tf.step(output), SELU_SCALE - SELU_FLOOR)),
  ),
  sigmoid: unfused(tf.sigmoid, (output) => tf.mul(output, tf.sub(1, output))),
  tanh: unfused(tf.tanh, (output) => tf.sub(1, tf.square(output))),
};

/** @param slope the derivative, by the output */
function unfused(apply: (sums: tf.Tensor) => tf.Tensor, slope: (output: tf.Tensor) => tf.Tensor): Activation {
  return {
    fused: 'linear',
    finish: apply,
    apply,
    backward: (gradient, output) => tf.mul(gradient, slope(output)),
  };
}
