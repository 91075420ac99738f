import * as tf from '@tensorflow/tfjs-core';
import type { KerasLayer } from './keras-layer.js';
import type { Forward, Layer } from './layer.js';

/** Makes one number of each channel of a picture: its mean over all pixels. */
export class GlobalAverage implements Layer {
  readonly parameters = [] as const;

  infer(input: tf.Tensor): tf.Tensor {
    return tf.mean(input, [1, 2]);
  }

  forward(input: tf.Tensor): Forward {
    const [images, height, width, channels] = input.shape as [number, number, number, number];
    return {
      output: this.infer(input),
      backward: (gradient) => {
        const share = tf.div(tf.reshape(gradient, [images, 1, 1, channels]), height * width);
        return { input: tf.tile(share, [1, height, width, 1]), parameters: [] };
      },
    };
  }

  keras(): readonly KerasLayer[] {
    return [{ className: 'GlobalAveragePooling2D', config: { data_format: 'channels_last' } }];
  }

  dispose(): void {}
}
