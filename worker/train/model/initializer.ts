import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName, InitializerName } from '../../../proto/architecture.js';
import type { Random } from '../random.js';

/** How many signals a kernel's unit sums up, and how many units one of its inputs feeds. */
export interface Fan {
  readonly in: number;
  readonly out: number;
}

/**
 * First values of a kernel, drawn so that the variance of signals stays the same from layer to layer: uniform, or
 * roughly normal and cut off at 3.46 deviations.
 *
 * @param name  `auto`: He's for the rectifiers, LeCun's normal for selu, Glorot's for the others
 * @see He et al. 2015, https://arxiv.org/abs/1502.01852; Glorot and Bengio 2010; LeCun et al. 1998
 */
export function initialKernel(
  name: InitializerName,
  shape: readonly number[],
  fan: Fan,
  activation: ActivationName,
  random: Random,
): tf.Tensor {
  const [family, form] = resolved(name, activation).split('_') as [keyof typeof VARIANCE, string];
  const deviation = Math.sqrt(VARIANCE[family](fan));
  const limit = Math.sqrt(3) * deviation;
  const draw = form === 'normal' ? () => deviation * random.bell() : () => random.between(-limit, limit);
  const size = shape.reduce((product, length) => product * length, 1);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = draw();
  return tf.tensor(values, [...shape]);
}

const VARIANCE = {
  he: (fan: Fan) => 2 / fan.in,
  glorot: (fan: Fan) => 2 / (fan.in + fan.out),
  lecun: (fan: Fan) => 1 / fan.in,
};

/** The initializer that `auto` stands for. */
export function resolved(name: InitializerName, activation: ActivationName): Exclude<InitializerName, 'auto'> {
  if (name !== 'auto') return name;
  switch (activation) {
    case 'relu':
    case 'leaky_relu':
    case 'elu':
      return 'he_uniform';
    case 'selu':
      return 'lecun_normal';
    case 'tanh':
    case 'sigmoid':
    case 'linear':
      return 'glorot_uniform';
  }
}
