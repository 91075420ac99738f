import * as tf from '@tensorflow/tfjs-core';
import { type Dataset, imageBytes } from './dataset.js';

/** A data set's images as the rows of floats that a network takes: mean 0 and variance 1 over the training images. */
export class Batches {
  readonly #data: Dataset;
  /** What each byte becomes. */
  readonly #scale: Float32Array;

  constructor(data: Dataset) {
    this.#data = data;
    this.#scale = standardScale(data);
  }

  /** Numbers per row. */
  get inputs(): number {
    return imageBytes(this.#data);
  }

  /** The images at these indices, one per row. */
  rows(indices: Uint32Array): tf.Tensor2D {
    const { images } = this.#data;
    const size = this.inputs;
    const values = new Float32Array(indices.length * size);
    let to = 0;
    for (const index of indices) {
      const end = (index + 1) * size;
      for (let from = index * size; from < end; from++) values[to++] = this.#scale[images[from]!]!;
    }
    return tf.tensor2d(values, [indices.length, size]);
  }

  labels(indices: Uint32Array): Uint8Array {
    return Uint8Array.from(indices, (index) => this.#data.labels[index]!);
  }
}

/** Counted in whole numbers, so that the scale is the same in whatever order the images come. */
function standardScale(data: Dataset): Float32Array {
  const counts = new Float64Array(256);
  const size = imageBytes(data);
  for (const index of data.train) {
    const end = (index + 1) * size;
    for (let at = index * size; at < end; at++) counts[data.images[at]!]!++;
  }
  const total = data.train.length * size;
  const mean = counts.reduce((sum, count, byte) => sum + count * byte, 0) / total;
  const variance = counts.reduce((sum, count, byte) => sum + count * (byte - mean) ** 2, 0) / total;
  const deviation = variance > 0 ? Math.sqrt(variance) : 1;
  return Float32Array.from(counts, (_, byte) => (byte - mean) / deviation);
}
