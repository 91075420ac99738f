import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../../../proto/architecture.js';
import type { Random } from '../random.js';
import { ACTIVATIONS, type Activation } from './activation.js';
import { initialKernel } from './initializer.js';
import { type KerasLayer, withActivation } from './keras-layer.js';
import type { Backward, Forward, Layer } from './layer.js';
import { Parameter } from './parameter.js';
import type { UnitSettings } from './unit-settings.js';

/** Every unit sees every input: activation(input * kernel + bias), for a batch of rows. */
export class Dense implements Layer {
  readonly parameters: readonly Parameter[];
  readonly #kernel: Parameter;
  readonly #bias: Parameter;
  readonly #activation: Activation;
  readonly #activationName: ActivationName;

  constructor(name: string, inputs: number, units: number, { activation, initializer }: UnitSettings, random: Random) {
    const kernel = initialKernel(initializer, [inputs, units], { in: inputs, out: units }, activation, random);
    this.#kernel = new Parameter(`${name}/kernel`, kernel, true);
    this.#bias = new Parameter(`${name}/bias`, tf.zeros([units]), false);
    this.parameters = [this.#kernel, this.#bias];
    this.#activation = ACTIVATIONS[activation];
    this.#activationName = activation;
  }

  infer(input: tf.Tensor): tf.Tensor {
    const product = tf.fused.matMul({
      a: input as tf.Tensor2D,
      b: this.#kernel.value as tf.Tensor2D,
      bias: this.#bias.value,
      activation: this.#activation.fused,
    });
    return this.#activation.finish(product);
  }

  forward(input: tf.Tensor): Forward {
    const output = this.infer(input);
    return { output, backward: (gradient, wantInput) => this.#backward(input, output, gradient, wantInput) };
  }

  #backward(input: tf.Tensor, output: tf.Tensor, gradient: tf.Tensor, wantInput: boolean): Backward {
    const inner = this.#activation.backward(gradient, output);
    return {
      input: wantInput ? tf.matMul(inner, this.#kernel.value, false, true) : undefined,
      parameters: [tf.matMul(input, inner, true, false), tf.sum(inner, 0)],
    };
  }

  keras(): readonly KerasLayer[] {
    const weights = { kernel: this.#kernel.name, bias: this.#bias.name };
    const layer = { className: 'Dense', config: { units: this.#bias.value.size, use_bias: true }, weights };
    return withActivation(layer, this.#activationName);
  }

  dispose(): void {
    for (const parameter of this.parameters) parameter.dispose();
  }
}
