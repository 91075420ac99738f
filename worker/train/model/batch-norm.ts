import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../../../proto/architecture.js';
import { ACTIVATIONS, type Activation } from './activation.js';
import { type KerasLayer, kerasActivation } from './keras-layer.js';
import type { Backward, Forward, Layer } from './layer.js';
import { Parameter } from './parameter.js';

const EPSILON = 1e-5;
/** Share of the past in the running statistics, which stand for the batch's outside of training. */
const PAST = 0.9;

/**
 * Brings every unit, or every channel over all pixels, to mean 0 and variance 1 over the batch, then to a mean and a
 * variance that are learned, and then applies the activation.
 *
 * @see Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
 */
export class BatchNorm implements Layer {
  readonly parameters: readonly Parameter[];
  readonly statistics: readonly Parameter[];
  readonly #scale: Parameter;
  readonly #shift: Parameter;
  readonly #mean: Parameter;
  readonly #variance: Parameter;
  readonly #activation: Activation;
  readonly #activationName: ActivationName;

  constructor(name: string, channels: number, activation: ActivationName) {
    this.#scale = new Parameter(`${name}/scale`, tf.ones([channels]), false);
    this.#shift = new Parameter(`${name}/shift`, tf.zeros([channels]), false);
    this.#mean = new Parameter(`${name}/mean`, tf.zeros([channels]), false);
    this.#variance = new Parameter(`${name}/variance`, tf.ones([channels]), false);
    this.parameters = [this.#scale, this.#shift];
    this.statistics = [this.#mean, this.#variance];
    this.#activation = ACTIVATIONS[activation];
    this.#activationName = activation;
  }

  infer(input: tf.Tensor): tf.Tensor {
    const scale = tf.mul(this.#scale.value, tf.rsqrt(tf.add(this.#variance.value, EPSILON)));
    const shift = tf.sub(this.#shift.value, tf.mul(this.#mean.value, scale));
    return this.#activation.apply(tf.add(tf.mul(input, scale), shift));
  }

  forward(input: tf.Tensor): Forward {
    const rows = asRows(input);
    const count = rows.shape[0]!;
    const mean = tf.div(tf.sum(rows, 0), count);
    const centred = tf.sub(rows, mean);
    const variance = tf.div(tf.sum(tf.square(centred), 0), count);
    this.#remember(mean, variance);
    const steepness = tf.rsqrt(tf.add(variance, EPSILON));
    const normal = tf.mul(centred, steepness);
    const output = this.#activation.apply(tf.add(tf.mul(normal, this.#scale.value), this.#shift.value));
    return {
      output: tf.reshape(output, input.shape),
      backward: (gradient, wantInput) =>
        this.#backward(asRows(gradient), output, normal, steepness, wantInput, input.shape),
    };
  }

  #backward(
    gradient: tf.Tensor,
    output: tf.Tensor,
    normal: tf.Tensor,
    steepness: tf.Tensor,
    wantInput: boolean,
    shape: number[],
  ): Backward {
    const inner = this.#activation.backward(gradient, output);
    const byShift = tf.sum(inner, 0);
    const byScale = tf.sum(tf.mul(inner, normal), 0);
    if (!wantInput) return { input: undefined, parameters: [byScale, byShift] };
    // Moving one number moves the batch's mean and variance too: what the gradient has of both is taken away.
    const count = inner.shape[0]!;
    const throughMean = tf.div(byShift, count);
    const throughVariance = tf.mul(normal, tf.div(byScale, count));
    const left = tf.sub(tf.sub(inner, throughMean), throughVariance);
    const input = tf.mul(left, tf.mul(this.#scale.value, steepness));
    return { input: tf.reshape(input, shape), parameters: [byScale, byShift] };
  }

  #remember(mean: tf.Tensor, variance: tf.Tensor): void {
    this.#mean.assign(tf.add(tf.mul(this.#mean.value, PAST), tf.mul(mean, 1 - PAST)));
    this.#variance.assign(tf.add(tf.mul(this.#variance.value, PAST), tf.mul(variance, 1 - PAST)));
  }

  keras(): readonly KerasLayer[] {
    const weights = {
      gamma: this.#scale.name,
      beta: this.#shift.name,
      moving_mean: this.#mean.name,
      moving_variance: this.#variance.name,
    };
    const config = { axis: -1, epsilon: EPSILON, momentum: PAST, center: true, scale: true };
    return [{ className: 'BatchNormalization', config, weights }, ...kerasActivation(this.#activationName)];
  }

  dispose(): void {
    for (const parameter of [...this.parameters, ...this.statistics]) parameter.dispose();
  }
}

/** Everything but the last axis as one: a row is one image's units, or one pixel's channels. */
function asRows(x: tf.Tensor): tf.Tensor {
  const channels = x.shape[x.shape.length - 1]!;
  return tf.reshape(x, [x.size / channels, channels]);
}
