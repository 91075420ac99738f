import type * as tf from '@tensorflow/tfjs-core';
import type { KerasLayer } from './keras-layer.js';
import type { Parameter } from './parameter.js';

/**
 * A piece of a network with its own derivative, written out: a tape that records every operation would cost more than
 * the small networks searched here spend on arithmetic. The tensors that go in and out live in the caller's `tf.tidy`.
 */
export interface Layer {
  /** What is trained; empty for a layer that only transforms. */
  readonly parameters: readonly Parameter[];
  /** What training gathers without a gradient, as batch normalization does; left out where there is nothing. */
  readonly statistics?: readonly Parameter[];
  /** The output as it is outside training: nothing is dropped. */
  infer(input: tf.Tensor): tf.Tensor;
  /** The output in training, with the way back. */
  forward(input: tf.Tensor): Forward;
  /** How TensorFlow.js and Keras write it down: one layer of theirs, several or none. */
  keras(): readonly KerasLayer[];
  /** Frees parameters and statistics. */
  dispose(): void;
}

export interface Forward {
  readonly output: tf.Tensor;
  /**
   * @param gradient  of the loss, by the output
   * @param wantInput whether the gradient by the input is needed; that of the first layer that learns never is
   */
  backward(gradient: tf.Tensor, wantInput: boolean): Backward;
}

export interface Backward {
  /** The gradient by the input; undefined when it was not wanted. */
  readonly input: tf.Tensor | undefined;
  /** The gradients by the parameters, in their order. */
  readonly parameters: readonly tf.Tensor[];
}
