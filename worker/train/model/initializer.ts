import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.js';
import type { ActivationName } from './activation.js';

/**
 * First values of a kernel, uniform in a range that keeps the variance of signals from layer to layer: He's for the
 * rectifiers, Glorot's for the others.
 *
 * @see He et al. 2015, https://arxiv.org/abs/1502.01852; Glorot and Bengio 2010
 * @param fanIn  inputs of one unit
 * @param fanOut units that one input feeds
 */
export function initialKernel(
  shape: readonly number[],
  fanIn: number,
  fanOut: number,
  activation: ActivationName,
  random: Random,
): tf.Tensor {
  const rectifies = activation === 'relu' || activation === 'elu';
  const limit = Math.sqrt(rectifies ? 6 / fanIn : 6 / (fanIn + fanOut));
  const size = shape.reduce((product, length) => product * length, 1);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = random.between(-limit, limit);
  return tf.tensor(values, [...shape]);
}
