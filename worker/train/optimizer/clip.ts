import * as tf from '@tensorflow/tfjs-core';

/** How large gradients may be; undefined: as large as they are. */
export interface Limits {
  /** Of the Euclidean norm over all gradients together, which are scaled down by one factor. */
  readonly norm: number | undefined;
  /** Of each number's absolute value. */
  readonly value: number | undefined;
}

/**
 * The gradients within the limits. A norm that is no number leaves none.
 *
 * @see Pascanu, Mikolov and Bengio 2013, https://arxiv.org/abs/1211.5063, for the norm
 */
export function clipped(gradients: readonly tf.Tensor[], { norm, value }: Limits): readonly tf.Tensor[] {
  const scaled = norm === undefined ? gradients : scaledTo(norm, gradients);
  return value === undefined ? scaled : scaled.map((gradient) => tf.clipByValue(gradient, -value, value));
}

/** The factor stays where the engine keeps it: reading it would make a GPU wait at every step. */
function scaledTo(norm: number, gradients: readonly tf.Tensor[]): readonly tf.Tensor[] {
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
  const actual = tf.sqrt(tf.addN(squares));
  const factor = tf.div(norm, tf.maximum(actual, norm));
  return gradients.map((gradient) => tf.mul(gradient, factor));
}
