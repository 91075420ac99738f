import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../../../proto/architecture.js';
import type { Random } from '../random.js';
import { ACTIVATIONS, type Activation } from './activation.js';
import { initialKernel } from './initializer.js';
import { type KerasLayer, withActivation } from './keras-layer.js';
import type { Backward, Forward, Layer } from './layer.js';
import { Parameter } from './parameter.js';
import type { UnitSettings } from './unit-settings.js';

export interface FilterSettings extends UnitSettings {
  /** Side of the square that a filter sees, in pixels. */
  readonly kernel: number;
  /** Pixels from one place of a filter to the next. */
  readonly stride: number;
  /** Whether the picture gets a border of zeros, so that filters also sit on its edge. */
  readonly padding: 'same' | 'valid';
}

/** Filters that slide over the pictures of a batch, [images, height, width, channels]. */
export class Conv2d implements Layer {
  readonly parameters: readonly Parameter[];
  readonly #kernel: Parameter;
  readonly #bias: Parameter;
  readonly #activation: Activation;
  readonly #activationName: ActivationName;
  readonly #way: { readonly strides: number; readonly pad: 'same' | 'valid'; readonly dataFormat: 'NHWC' };

  constructor(name: string, channels: number, filters: number, settings: FilterSettings, random: Random) {
    const { kernel: size, stride, padding, activation, initializer } = settings;
    const shape = [size, size, channels, filters];
    const fan = { in: size * size * channels, out: size * size * filters };
    const kernel = initialKernel(initializer, shape, fan, activation, random);
    this.#kernel = new Parameter(`${name}/kernel`, kernel, true);
    this.#bias = new Parameter(`${name}/bias`, tf.zeros([filters]), false);
    this.parameters = [this.#kernel, this.#bias];
    this.#activation = ACTIVATIONS[activation];
    this.#activationName = activation;
    this.#way = { strides: stride, pad: padding, dataFormat: 'NHWC' };
  }

  infer(input: tf.Tensor): tf.Tensor {
    const sums = tf.fused.conv2d({
      x: input as tf.Tensor4D,
      filter: this.#kernel.value as tf.Tensor4D,
      bias: this.#bias.value,
      activation: this.#activation.fused,
      ...this.#way,
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
        { ...this.#way, filterShape: filter.shape },
      );
    const inputShape = input.shape;
    return {
      input: wantInput
        ? tf.engine().runKernel<tf.Tensor>(tf.Conv2DBackpropInput, { dy: inner, filter }, { ...this.#way, inputShape })
        : undefined,
      parameters: [byKernel, tf.sum(inner, [0, 1, 2])],
    };
  }

  keras(): readonly KerasLayer[] {
    const [height, width, , filters] = this.#kernel.value.shape as [number, number, number, number];
    const { strides, pad } = this.#way;
    const config = {
      filters,
      kernel_size: [height, width],
      strides: [strides, strides],
      padding: pad,
      data_format: 'channels_last',
      use_bias: true,
    };
    const weights = { kernel: this.#kernel.name, bias: this.#bias.name };
    return withActivation({ className: 'Conv2D', config, weights }, this.#activationName);
  }

  dispose(): void {
    for (const parameter of this.parameters) parameter.dispose();
  }
}
