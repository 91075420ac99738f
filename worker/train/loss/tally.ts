import * as tf from '@tensorflow/tfjs-core';
import { numbersAtOnce } from '../backend/training-steps.js';
import type { Measured } from './loss.js';

/**
 * Adds up loss and right answers. What a GPU has measured stays there until somebody asks, so that no step waits for its
 * numbers to be read; the asker is to come every few dozen steps. Elsewhere keeping them would cost more than reading them.
 */
export class Tally {
  count = 0;
  #loss = 0;
  #correct = 0;
  #unread: tf.Tensor[] = [];

  add({ sums }: Measured): void {
    if (!(sums instanceof tf.Tensor)) {
      this.#count(sums);
      return;
    }
    const numbers = numbersAtOnce(sums);
    if (numbers === undefined) this.#unread.push(tf.keep(sums));
    else this.#count(numbers);
  }

  /** Means over the images counted so far. */
  async summary(): Promise<{ readonly loss: number; readonly accuracy: number; readonly count: number }> {
    await this.#read();
    const { count } = this;
    return { loss: this.#loss / count, accuracy: this.#correct / count, count };
  }

  dispose(): void {
    tf.dispose(this.#unread);
    this.#unread = [];
  }

  async #read(): Promise<void> {
    if (this.#unread.length === 0) return;
    const together = tf.tidy(() => tf.concat(this.#unread));
    this.dispose();
    const values = await together.data<'float32'>();
    together.dispose();
    this.#count(values);
  }

  /** @param sums pairs of loss and right answers */
  #count(sums: Float32Array): void {
    for (let i = 0; i < sums.length; i += 2) {
      this.#loss += sums[i]!;
      this.#correct += sums[i + 1]!;
    }
  }
}
