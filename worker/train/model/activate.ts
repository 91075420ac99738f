import type * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../../../proto/architecture.js';
import { ACTIVATIONS, type Activation } from './activation.js';
import { type KerasLayer, kerasActivation } from './keras-layer.js';
import type { Forward, Layer } from './layer.js';

/** An activation as a layer of its own. */
export class Activate implements Layer {
  readonly parameters = [] as const;
  readonly #activation: Activation;
  readonly #name: ActivationName;

  constructor(name: ActivationName) {
    this.#activation = ACTIVATIONS[name];
    this.#name = name;
  }

  infer(input: tf.Tensor): tf.Tensor {
    return this.#activation.apply(input);
  }

  forward(input: tf.Tensor): Forward {
    const output = this.infer(input);
    return {
      output,
      backward: (gradient) => ({ input: this.#activation.backward(gradient, output), parameters: [] }),
    };
  }

  keras(): readonly KerasLayer[] {
    return kerasActivation(this.#name);
  }

  dispose(): void {}
}
