import * as tf from '@tensorflow/tfjs-core';
import { classesOf, type Loss, type Measured } from './loss.js';

/** Cross-entropy of two classes told apart by one logit: above zero means class 1. */
export function binaryCrossentropy(smoothing: number): Loss {
  return {
    outputs: 1,
    targets: classesOf,
    measure(logits, { count, classes }): Measured {
      const right = tf.reshape(tf.cast(classes, 'float32'), [count, 1]);
      const wanted = smoothing === 0 ? right : tf.add(tf.mul(right, 1 - smoothing), smoothing / 2);
      // log(1 + exp(z)) - z * y, in the form that does not overflow for large z.
      const softplus = tf.add(tf.relu(logits), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
      const answers = tf.cast(tf.reshape(tf.greater(logits, 0), [count]), 'int32');
      const loss = tf.sum(tf.sub(softplus, tf.mul(logits, right)));
      const correct = tf.sum(tf.cast(tf.equal(answers, classes), 'float32'));
      return {
        sums: tf.stack([loss, correct]),
        gradient: () => tf.div(tf.sub(tf.sigmoid(logits), wanted), count),
      };
    },
  };
}
