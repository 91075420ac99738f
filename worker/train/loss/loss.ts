import * as tf from '@tensorflow/tfjs-core';

/** What a training minimizes, computed from logits, so that no rounding of probabilities gets between. */
export interface Loss {
  /** Logits per image. */
  readonly outputs: number;
  /** The labels of a batch in the form that the other functions take. */
  targets(labels: Uint8Array | Uint16Array): Targets;
  /** What the metrics are made of: the loss and the right answers, each summed over the batch. */
  measure(logits: tf.Tensor, targets: Targets): Measured;
}

export interface Targets {
  readonly count: number;
  /** int32, one class per image. */
  readonly classes: tf.Tensor1D;
}

export interface Measured {
  /** Two numbers: the loss, and the right answers. A tensor where they are still the engine's. */
  readonly sums: Float32Array | tf.Tensor;
  /** The gradient of the batch's mean loss by the logits, with smoothed labels. */
  gradient(): tf.Tensor;
}

/** The labels as one class per image. */
export function classesOf(labels: Uint8Array | Uint16Array): Targets {
  return { count: labels.length, classes: tf.tensor1d(new Int32Array(labels), 'int32') };
}
