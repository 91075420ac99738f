import * as tf from '@tensorflow/tfjs-core';
import type { KerasLayer } from './keras-layer.js';
import type { Forward, Layer } from './layer.js';

/** Sees each image of a batch in another shape, the same numbers in the same order. */
export class Reshape implements Layer {
  readonly parameters = [] as const;
  readonly #shape: readonly number[];

  /** @param shape of one image */
  constructor(shape: readonly number[]) {
    this.#shape = shape;
  }

  infer(input: tf.Tensor): tf.Tensor {
    return tf.reshape(input, [input.shape[0]!, ...this.#shape]);
  }

  forward(input: tf.Tensor): Forward {
    return {
      output: this.infer(input),
      backward: (gradient) => ({ input: tf.reshape(gradient, input.shape), parameters: [] }),
    };
  }

  keras(): readonly KerasLayer[] {
    return [{ className: 'Reshape', config: { target_shape: this.#shape } }];
  }

  dispose(): void {}
}
