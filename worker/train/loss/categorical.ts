import * as tf from '@tensorflow/tfjs-core';
import type { Loss, Measured, Targets } from './loss.js';

/** Cross-entropy of the softmax over the classes: -log of the probability given to the right one. */
export function categoricalCrossentropy(classes: number, smoothing: number): Loss {
  const rest = smoothing / classes;
  const full = 1 - smoothing + rest;
  return {
    outputs: classes,
    targets(labels): Targets {
      const right = new Float32Array(labels.length * classes);
      for (const [row, label] of labels.entries()) right[row * classes + label] = 1;
      const shape: [number, number] = [labels.length, classes];
      const wanted = tf.tensor2d(right, shape);
      return {
        count: labels.length,
        classes: tf.tensor1d(Int32Array.from(labels), 'int32'),
        right: wanted,
        wanted:
          smoothing === 0
            ? wanted
            : tf.tensor2d(
                right.map((value) => (value === 1 ? full : rest)),
                shape,
              ),
      };
    },
    measure(logits, targets): Measured {
      const shifted = tf.sub(logits, tf.max(logits, 1, true));
      const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
      return {
        loss: tf.neg(tf.sum(tf.mul(targets.right, logProbabilities))),
        correct: tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), targets.classes), 'float32')),
        gradient: () => tf.div(tf.sub(tf.exp(logProbabilities), targets.wanted), targets.count),
      };
    },
  };
}
