import * as tf from '@tensorflow/tfjs-core';
import type { Measured } from './loss.js';

/**
 * Adds up loss and right answers where the engine keeps them, so that a step need not wait for its numbers to be
 * read. Created outside of `tf.tidy`.
 */
export class Tally {
  count = 0;
  #sums: tf.Tensor = tf.zeros([2]);

  add({ sums }: Measured): void {
    const next = tf.keep(tf.add(this.#sums, sums));
    this.#sums.dispose();
    this.#sums = next;
  }

  /** Means over the images counted so far. */
  async summary(): Promise<{ readonly loss: number; readonly accuracy: number; readonly count: number }> {
    const [loss, correct] = await this.#sums.data();
    return { loss: loss! / this.count, accuracy: correct! / this.count, count: this.count };
  }

  dispose(): void {
    this.#sums.dispose();
  }
}
