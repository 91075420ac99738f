import * as tf from '@tensorflow/tfjs-core';
import { reluGradient } from '../backend/training-steps.js';

export type ActivationName = 'relu' | 'tanh' | 'elu' | 'sigmoid' | 'linear';

/** A function applied to every unit, with its derivative expressed by its own output, which is all that is kept. */
export interface Activation {
  /** The engine applies it within the matrix product; `linear` where `finish` has to follow. */
  readonly fused: 'relu' | 'elu' | 'sigmoid' | 'linear';
  finish(output: tf.Tensor): tf.Tensor;
  /** The gradient by the input, from the one by the output and the output. */
  backward(gradient: tf.Tensor, output: tf.Tensor): tf.Tensor;
}

const same = (output: tf.Tensor): tf.Tensor => output;

export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  linear: { fused: 'linear', finish: same, backward: same },
  relu: { fused: 'relu', finish: same, backward: reluGradient },
  // The derivative of elu is 1 above zero and exp(x) = output + 1 below, where the output is negative.
  elu: {
    fused: 'elu',
    finish: same,
    backward: (gradient, output) => tf.mul(gradient, tf.add(tf.minimum(output, 0), 1)),
  },
  sigmoid: {
    fused: 'sigmoid',
    finish: same,
    backward: (gradient, output) => tf.mul(gradient, tf.mul(output, tf.sub(1, output))),
  },
  tanh: {
    fused: 'linear',
    finish: tf.tanh,
    backward: (gradient, output) => tf.mul(gradient, tf.sub(1, tf.square(output))),
  },
};
