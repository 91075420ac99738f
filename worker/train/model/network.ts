import type * as tf from '@tensorflow/tfjs-core';
import type { KerasLayer } from './keras-layer.js';
import type { Forward, Layer } from './layer.js';
import type { Parameter } from './parameter.js';

/** Layers one after another. Its last outputs are logits: what they mean is the loss's affair. */
export class Network {
  /** What is trained. */
  readonly parameters: readonly Parameter[];
  /** Everything that makes up the network: what is trained, and what is gathered beside it. Names are unique. */
  readonly weights: readonly Parameter[];
  readonly #layers: readonly Layer[];

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
    this.parameters = layers.flatMap((layer) => layer.parameters);
    this.weights = layers.flatMap((layer) => [...layer.parameters, ...(layer.statistics ?? [])]);
  }

  infer(input: tf.Tensor): tf.Tensor {
    return this.#layers.reduce((signal, layer) => layer.infer(signal), input);
  }

  /** The logits in training, where layers may drop units and look at the whole batch. */
  train(input: tf.Tensor): tf.Tensor {
    return this.#layers.reduce((signal, layer) => layer.forward(signal).output, input);
  }

  /** One way through in training and back. `gradientOf` turns the logits into the loss's gradient by them. */
  gradients(input: tf.Tensor, gradientOf: (logits: tf.Tensor) => tf.Tensor): readonly tf.Tensor[] {
    const steps: Forward[] = [];
    let signal = input;
    for (const layer of this.#layers) {
      const step = layer.forward(signal);
      steps.push(step);
      signal = step.output;
    }
    let gradient = gradientOf(signal);
    const gradients: (readonly tf.Tensor[])[] = [];
    // What comes before the first layer that learns needs no gradient: the pictures stay as they are.
    const first = this.#layers.findIndex(({ parameters }) => parameters.length > 0);
    for (let index = steps.length - 1; index >= first; index--) {
      const back = steps[index]!.backward(gradient, index > first);
      gradients.unshift(back.parameters);
      if (back.input !== undefined) gradient = back.input;
    }
    return gradients.flat();
  }

  /** How TensorFlow.js and Keras write it down, from rows of numbers to logits. */
  keras(): readonly KerasLayer[] {
    return this.#layers.flatMap((layer) => layer.keras());
  }

  dispose(): void {
    for (const layer of this.#layers) layer.dispose();
  }
}
