import * as tf from '@tensorflow/tfjs-core';
import { crossentropyInOne } from '../backend/training-steps.js';
import { classesOf, type Loss, type Measured } from './loss.js';

/** Cross-entropy of the softmax over the classes: -log of the probability given to the right one. */
export function categoricalCrossentropy(classes: number, smoothing: number): Loss {
  const rest = smoothing / classes;
  return {
    outputs: classes,
    targets: classesOf,
    measure(logits, targets): Measured {
      const inOne = crossentropyInOne(logits, targets.classes, smoothing);
      if (inOne !== undefined) return { sums: inOne.sums, gradient: () => inOne.gradient };
      const right = tf.cast(tf.oneHot(targets.classes, classes), 'float32');
      const wanted = smoothing === 0 ? right : tf.add(tf.mul(right, 1 - smoothing), rest);
      const shifted = tf.sub(logits, tf.max(logits, 1, true));
      const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
      const loss = tf.neg(tf.sum(tf.mul(right, logProbabilities)));
      const correct = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), targets.classes), 'float32'));
      return {
        sums: tf.stack([loss, correct]),
        gradient: () => tf.div(tf.sub(tf.exp(logProbabilities), wanted), targets.count),
      };
    },
  };
}
