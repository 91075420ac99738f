import * as tf from '@tensorflow/tfjs-core';
import type { Loss, Measured, Targets } from './loss.js';

/** Cross-entropy of the softmax over the classes: -log of the probability given to the right one. */
export function categoricalCrossentropy(classes: number): Loss {
  return {
    outputs: classes,
    targets(labels): Targets {
      const wanted = new Float32Array(labels.length * classes);
      for (const [row, label] of labels.entries()) wanted[row * classes + label] = 1;
      return {
        count: labels.length,
        classes: tf.tensor1d(Int32Array.from(labels), 'int32'),
        wanted: tf.tensor2d(wanted, [labels.length, classes]),
      };
    },
    measure(logits, targets): Measured {
      const shifted = tf.sub(logits, tf.max(logits, 1, true));
      const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
      return {
        loss: tf.neg(tf.sum(tf.mul(targets.wanted, logProbabilities))),
        correct: tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), targets.classes), 'float32')),
        gradient: () => tf.div(tf.sub(tf.exp(logProbabilities), targets.wanted), targets.count),
      };
    },
  };
}
