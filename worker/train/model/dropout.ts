import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.js';
import type { KerasLayer } from './keras-layer.js';
import type { Forward, Layer } from './layer.js';

/**
 * In training, sets each input to zero with probability `rate` and scales the others up so that the sum stays the
 * same on average. Each random number decides two inputs, 16 bits for each.
 */
export class Dropout implements Layer {
  readonly parameters = [] as const;
  readonly #rate: number;
  readonly #random: Random;

  constructor(rate: number, random: Random) {
    this.#rate = rate;
    this.#random = random;
  }

  infer(input: tf.Tensor): tf.Tensor {
    return input;
  }

  forward(input: tf.Tensor): Forward {
    const mask = this.#mask(input.shape);
    return {
      output: tf.mul(input, mask),
      backward: (gradient, wantInput) => ({
        input: wantInput ? tf.mul(gradient, mask) : undefined,
        parameters: [],
      }),
    };
  }

  #mask(shape: readonly number[]): tf.Tensor {
    const size = shape.reduce((product, length) => product * length, 1);
    const threshold = Math.round(this.#rate * 0x1_0000);
    const kept = 0x1_0000 / (0x1_0000 - threshold);
    const values = new Float32Array(size);
    for (let i = 0; i < size; i += 2) {
      const drawn = this.#random.uint32();
      if (drawn >>> 16 >= threshold) values[i] = kept;
      if ((drawn & 0xffff) >= threshold) values[i + 1] = kept; // Beyond the end of an odd size: ignored.
    }
    return tf.tensor(values, [...shape]);
  }

  keras(): readonly KerasLayer[] {
    return [{ className: 'Dropout', config: { rate: this.#rate } }];
  }

  dispose(): void {}
}
