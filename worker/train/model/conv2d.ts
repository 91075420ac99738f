import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.js';
import { ACTIVATIONS, type Activation, type ActivationName } from './activation.js';
import { initialKernel } from './initializer.js';
import type { Backward, Forward, Layer } from './layer.js';
import { Parameter } from './parameter.js';

const CONVOLUTION = { strides: 1, pad: 'same', dataFormat: 'NHWC' } as const;

/** Filters that slide over the pictures of a batch, [images, height, width, channels]; the borders are filled with 0. */
export class Conv2d implements Layer {
  readonly parameters: readonly Parameter[];
  readonly #kernel: Parameter;
  readonly #bias: Parameter;
  readonly #activation: Activation;

  /** @param size side of the square that a filter sees, in pixels */
  constructor(
    name: string,
    size: number,
    channels: number,
    filters: number,
    activation: ActivationName,
    random: Random,
  ) {
    const shape = [size, size, channels, filters];
    const kernel = initialKernel(shape, size * size * channels, size * size * filters, activation, random);
    this.#kernel = new Parameter(`${name}/kernel`, kernel, true);
    this.#bias = new Parameter(`${name}/bias`, tf.zeros([filters]), false);
    this.parameters = [this.#kernel, this.#bias];
    this.#activation = ACTIVATIONS[activation];
  }

  infer(input: tf.Tensor): tf.Tensor {
    const sums = tf.fused.conv2d({
      x: input as tf.Tensor4D,
      filter: this.#kernel.value as tf.Tensor4D,
      bias: this.#bias.value,
      activation: this.#activation.fused,
      ...CONVOLUTION,
    });
    return this.#activation.finish(sums);
  }

  forward(input: tf.Tensor): Forward {
    const output = this.infer(input);
    return { output, backward: (gradient, wantInput) => this.#backward(input, output, gradient, wantInput) };
  }

  #backward(input: tf.Tensor, output: tf.Tensor, gradient: tf.Tensor, wantInput: boolean): Backward {
    const inner = this.#activation.backward(gradient, output);
    const filter = this.#kernel.value;
    const byKernel = tf
      .engine()
      .runKernel<tf.Tensor>(
        tf.Conv2DBackpropFilter,
        { x: input, dy: inner },
        { ...CONVOLUTION, filterShape: filter.shape },
      );
    const inputShape = input.shape;
    return {
      input: wantInput
        ? tf
            .engine()
            .runKernel<tf.Tensor>(tf.Conv2DBackpropInput, { dy: inner, filter }, { ...CONVOLUTION, inputShape })
        : undefined,
      parameters: [byKernel, tf.sum(inner, [0, 1, 2])],
    };
  }

  dispose(): void {
    for (const parameter of this.parameters) parameter.dispose();
  }
}
