import * as tf from '@tensorflow/tfjs-core';
import type { Loss, Measured, Targets } from './loss.js';

/** Cross-entropy of two classes told apart by one logit: above zero means class 1. */
export function binaryCrossentropy(smoothing: number): Loss {
  return {
    outputs: 1,
    targets(labels): Targets {
      const right = tf.tensor2d(Float32Array.from(labels), [labels.length, 1]);
      return {
        count: labels.length,
        classes: tf.tensor1d(Int32Array.from(labels), 'int32'),
        right,
        wanted: smoothing === 0 ? right : tf.add(tf.mul(right, 1 - smoothing), smoothing / 2),
      };
    },
    measure(logits, targets): Measured {
      // log(1 + exp(z)) - z * y, in the form that does not overflow for large z.
      const softplus = tf.add(tf.relu(logits), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
      const answers = tf.cast(tf.reshape(tf.greater(logits, 0), [targets.count]), 'int32');
      return {
        loss: tf.sum(tf.sub(softplus, tf.mul(logits, targets.right))),
        correct: tf.sum(tf.cast(tf.equal(answers, targets.classes), 'float32')),
        gradient: () => tf.div(tf.sub(tf.sigmoid(logits), targets.wanted), targets.count),
      };
    },
  };
}
