import * as tf from '@tensorflow/tfjs-core';

/** A tensor that training changes. It outlives every `tf.tidy`, until it is disposed. */
export class Parameter {
  readonly name: string;
  /** Whether L2 regularization holds for it: kernels yes, biases no. */
  readonly decays: boolean;
  #value: tf.Tensor;

  constructor(name: string, value: tf.Tensor, decays: boolean) {
    this.name = name;
    this.decays = decays;
    this.#value = tf.keep(value);
  }

  get value(): tf.Tensor {
    return this.#value;
  }

  /** Takes the new value over and frees the old one. */
  assign(value: tf.Tensor): void {
    const old = this.#value;
    this.#value = tf.keep(value);
    old.dispose();
  }

  dispose(): void {
    this.#value.dispose();
  }
}
