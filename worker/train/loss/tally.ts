import * as tf from '@tensorflow/tfjs-core';
import type { Measured } from './loss.js';

/**
 * Adds up loss and right answers where the engine keeps them, so that a step need not wait for its numbers to be
 * read. Created outside of `tf.tidy`.
 */
export class Tally {
  count = 0;
  #loss: tf.Tensor = tf.scalar(0);
  #correct: tf.Tensor = tf.scalar(0);

  add(measured: Measured): void {
    this.#loss = replaced(this.#loss, measured.loss);
    this.#correct = replaced(this.#correct, measured.correct);
  }

  /** Means over the images counted so far. */
  async summary(): Promise<{ readonly loss: number; readonly accuracy: number; readonly count: number }> {
    const [loss, correct] = await Promise.all([this.#loss.data(), this.#correct.data()]);
    return { loss: loss[0]! / this.count, accuracy: correct[0]! / this.count, count: this.count };
  }

  dispose(): void {
    this.#loss.dispose();
    this.#correct.dispose();
  }
}

function replaced(sum: tf.Tensor, more: tf.Tensor): tf.Tensor {
  const next = tf.keep(tf.add(sum, more));
  sum.dispose();
  return next;
}
