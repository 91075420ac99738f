import * as tf from '@tensorflow/tfjs-core';
import { reluGradient } from '../backend/training-steps.js';

export type ActivationName = 'relu' | 'tanh' | 'elu' | 'sigmoid' | 'linear';

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

const same = (output: tf.Tensor): tf.Tensor => output;

export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  linear: { fused: 'linear', finish: same, apply: same, backward: same },
  relu: { fused: 'relu', finish: same, apply: tf.relu, backward: reluGradient },
  // The derivative of elu is 1 above zero and exp(x) = output + 1 below, where the output is negative.
  elu: {
    fused: 'linear',
    finish: tf.elu,
    apply: tf.elu,
    backward: (gradient, output) => tf.mul(gradient, tf.add(tf.minimum(output, 0), 1)),
  },
  sigmoid: {
    fused: 'linear',
    finish: tf.sigmoid,
    apply: tf.sigmoid,
    backward: (gradient, output) => tf.mul(gradient, tf.mul(output, tf.sub(1, output))),
  },
  tanh: {
    fused: 'linear',
    finish: tf.tanh,
    apply: tf.tanh,
    backward: (gradient, output) => tf.mul(gradient, tf.sub(1, tf.square(output))),
  },
};
