import * as tf from '@tensorflow/tfjs-core';
import type { Forward, Layer } from './layer.js';

const WINDOW = { filterSize: 2, strides: 2, pad: 'valid' } as const;

/** Makes one pixel of every square of 2 by 2, by the largest or the mean of each channel; an odd edge is dropped. */
export class Pooling implements Layer {
  readonly parameters = [] as const;
  readonly #kind: 'max' | 'average';

  constructor(kind: 'max' | 'average') {
    this.#kind = kind;
  }

  infer(input: tf.Tensor): tf.Tensor {
    const pool = this.#kind === 'max' ? tf.maxPool : tf.avgPool;
    return pool(input as tf.Tensor4D, WINDOW.filterSize, WINDOW.strides, WINDOW.pad);
  }

  forward(input: tf.Tensor): Forward {
    const output = this.infer(input);
    return {
      output,
      backward: (gradient, wantInput) => ({
        input: wantInput ? this.#backward(input, output, gradient) : undefined,
        parameters: [],
      }),
    };
  }

  #backward(input: tf.Tensor, output: tf.Tensor, dy: tf.Tensor): tf.Tensor {
    if (this.#kind === 'average') return tf.engine().runKernel<tf.Tensor>(tf.AvgPoolGrad, { dy, input }, WINDOW);
    return tf.engine().runKernel<tf.Tensor>(tf.MaxPoolGrad, { dy, input, output }, WINDOW);
  }

  dispose(): void {}
}
