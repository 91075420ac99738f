import * as tf from '@tensorflow/tfjs-core';
import type { KerasLayer } from './keras-layer.js';
import type { Forward, Layer } from './layer.js';

export interface PoolingSettings {
  readonly kind: 'max' | 'average';
  /** Side of the square that becomes one pixel. */
  readonly size: number;
  /** Pixels from one square to the next. */
  readonly stride: number;
}

/** Makes one pixel of every square, by the largest or the mean of each channel; an edge that fills no square is dropped. */
export class Pooling implements Layer {
  readonly parameters = [] as const;
  readonly #kind: 'max' | 'average';
  readonly #window: { readonly filterSize: number; readonly strides: number; readonly pad: 'valid' };

  constructor({ kind, size, stride }: PoolingSettings) {
    this.#kind = kind;
    this.#window = { filterSize: size, strides: stride, pad: 'valid' };
  }

  infer(input: tf.Tensor): tf.Tensor {
    const pool = this.#kind === 'max' ? tf.maxPool : tf.avgPool;
    const { filterSize, strides, pad } = this.#window;
    return pool(input as tf.Tensor4D, filterSize, strides, pad);
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
    const window = { ...this.#window };
    if (this.#kind === 'average') return tf.engine().runKernel<tf.Tensor>(tf.AvgPoolGrad, { dy, input }, window);
    return tf.engine().runKernel<tf.Tensor>(tf.MaxPoolGrad, { dy, input, output }, window);
  }

  keras(): readonly KerasLayer[] {
    const { filterSize, strides, pad } = this.#window;
    const className = this.#kind === 'max' ? 'MaxPooling2D' : 'AveragePooling2D';
    const config = { pool_size: [filterSize, filterSize], strides: [strides, strides], padding: pad };
    return [{ className, config: { ...config, data_format: 'channels_last' } }];
  }

  dispose(): void {}
}
