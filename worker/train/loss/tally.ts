import * as tf from '@tensorflow/tfjs-core';
import type { Measured } from './loss.js';

/**
 * Adds up loss and right answers. What steps have measured stays where the engine keeps it until somebody asks, so that no
 * step waits for its numbers to be read or costs more than a place in a list; the asker is to come every few dozen steps.
 */
export class Tally {
  count = 0;
  #loss = 0;
  #correct = 0;
  #unread: tf.Tensor[] = [];

  add({ sums }: Measured): void {
    if (sums instanceof Float32Array) this.#count(sums);
    else this.#unread.push(tf.keep(sums));
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
