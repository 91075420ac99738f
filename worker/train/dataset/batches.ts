import * as tf from '@tensorflow/tfjs-core';
import { normalizedInOne } from '../backend/training-steps.js';
import { Random } from '../random.js';
import { type Augment, type Augmentation, createAugment } from './augmentation.js';
import { type Dataset, type Pixels, sampleBytes, sampleSize } from './dataset.js';
import { GreyRows } from './grey.js';

/** The step's number is added to it, so that each step has a stream of chance of its own. */
const AUGMENT_STREAMS = 0x8000_0000;

export interface BatchOptions {
  readonly augment?: Augmentation | undefined;
  /** A uint32: what augmentation draws from. */
  readonly seed?: number | undefined;
}

/**
 * A data set's samples as the rows of floats that a network takes, normalized. The rows of a batch lie in memory that the
 * next batch takes again: a tensor of them is to be used up before.
 */
export class Batches {
  readonly #pixels: Pixels;
  readonly #labels: Uint16Array;
  readonly #size: number;
  readonly #sampleBytes: number;
  readonly #normalize: Normalize;
  /** Of bytes of one channel. */
  readonly #grey: GreyRows | undefined;
  readonly #augment: Augment | undefined;
  readonly #seed: number;
  readonly #image: Float32Array;
  #stored = new Uint8Array(0);
  #rows = new Float32Array(0);

  constructor(data: Dataset, { augment, seed = 0 }: BatchOptions = {}) {
    this.#pixels = data.pixels;
    this.#labels = data.labels;
    this.#size = sampleSize(data);
    this.#sampleBytes = sampleBytes(data);
    this.#normalize = data.type === 'u8' ? normalizeBytes(data) : normalizeFloats(data);
    const { mean, deviation } = data.normalization;
    const isGrey = data.type === 'u8' && data.channels === 1;
    this.#grey = isGrey ? new GreyRows(mean[0]!, deviation[0]!) : undefined;
    const paint = data.means.map((value, channel) => (value - mean[channel]!) / deviation[channel]!);
    this.#augment = createAugment(data.name, data, augment, paint);
    this.#seed = seed;
    this.#image = new Float32Array(this.#augment === undefined ? 0 : this.#size);
  }

  /** Numbers per row. */
  get inputs(): number {
    return this.#size;
  }

  /** @param order samples that will be asked for next, in this order and batch by batch; that makes them cheaper */
  expect(order: Uint32Array): void {
    this.#pixels.expect(order);
  }

  /** The samples at these indices as they are, one per row. */
  rows(indices: Uint32Array): tf.Tensor2D {
    return this.#inOne(indices) ?? this.#tensor(this.fill(indices), indices.length);
  }

  /** The samples at these indices for one step of training, changed at random where that is wanted. */
  trainingRows(indices: Uint32Array, step: number): tf.Tensor2D {
    if (this.#augment === undefined) return this.rows(indices);
    return this.#tensor(this.fillForTraining(indices, step), indices.length);
  }

  /** The numbers behind {@link rows}. They hold until the next call. */
  fill(indices: Uint32Array): Float32Array {
    if (this.#grey !== undefined) return this.#fillGrey(indices, this.#grey);
    const rows = this.#room(indices.length);
    this.#normalize(this.#read(indices), rows, 0);
    return rows;
  }

  /** The numbers behind {@link trainingRows}. They hold until the next call. */
  fillForTraining(indices: Uint32Array, step: number): Float32Array {
    const augment = this.#augment;
    if (augment === undefined) return this.fill(indices);
    const imageAt = this.#imagesOf(indices);
    const rows = this.#room(indices.length);
    const random = new Random(this.#seed, AUGMENT_STREAMS + step);
    for (let i = 0; i < indices.length; i++) augment(imageAt(i), rows, i * this.#size, random);
    return rows;
  }

  labels(indices: Uint32Array): Uint16Array {
    const labels = new Uint16Array(indices.length);
    for (let i = 0; i < indices.length; i++) labels[i] = this.#labels[indices[i]!]!;
    return labels;
  }

  /** The samples one by one, by their place in the batch. One holds until the next is asked for. */
  #imagesOf(indices: Uint32Array): (place: number) => Float32Array {
    const [size, bytes, image] = [this.#size, this.#sampleBytes, this.#image];
    if (this.#grey !== undefined) {
      const rows = this.#fillGrey(indices, this.#grey);
      return (place) => rows.subarray(place * size, (place + 1) * size);
    }
    const stored = this.#read(indices);
    return (place) => {
      this.#normalize(stored.subarray(place * bytes, (place + 1) * bytes), image, 0);
      return image;
    };
  }

  #fillGrey(indices: Uint32Array, grey: GreyRows): Float32Array {
    return grey.fill(indices.length * this.#size, (to) => this.#pixels.read(indices, to));
  }

  /** Grey bytes, where the backend makes numbers of them where they are needed. */
  #inOne(indices: Uint32Array): tf.Tensor2D | undefined {
    const grey = this.#grey;
    return grey && normalizedInOne((to) => this.#pixels.read(indices, to), [indices.length, this.#size], grey);
  }

  #tensor(rows: Float32Array, count: number): tf.Tensor2D {
    return tf.tensor2d(rows, [count, this.#size]);
  }

  #read(indices: Uint32Array): Uint8Array {
    const bytes = indices.length * this.#sampleBytes;
    if (this.#stored.length < bytes) this.#stored = new Uint8Array(bytes);
    const stored = this.#stored.subarray(0, bytes);
    this.#pixels.read(indices, stored);
    return stored;
  }

  #room(count: number): Float32Array {
    const numbers = count * this.#size;
    if (this.#rows.length < numbers) this.#rows = new Float32Array(numbers);
    return this.#rows.subarray(0, numbers);
  }
}

/** Turns stored samples into what the network sees, at `to` from `at` on. */
type Normalize = (stored: Uint8Array, to: Float32Array, at: number) => void;

/** By a table of what each byte becomes, for each channel. */
function normalizeBytes({ channels, normalization: { mean, deviation } }: Dataset): Normalize {
  const table = new Float32Array(256 * channels);
  for (let channel = 0; channel < channels; channel++) {
    for (let byte = 0; byte < 256; byte++) {
      table[channel * 256 + byte] = (byte - mean[channel]!) / deviation[channel]!;
    }
  }
  if (channels === 3) {
    const [red, green, blue] = [table.subarray(0, 256), table.subarray(256, 512), table.subarray(512)];
    return (stored, to, at) => {
      for (let i = 0; i < stored.length; i += 3) {
        to[at + i] = red[stored[i]!]!;
        to[at + i + 1] = green[stored[i + 1]!]!;
        to[at + i + 2] = blue[stored[i + 2]!]!;
      }
    };
  }
  return (stored, to, at) => {
    for (let i = 0; i < stored.length; i += channels) {
      for (let channel = 0; channel < channels; channel++) {
        to[at + i + channel] = table[channel * 256 + stored[i + channel]!]!;
      }
    }
  };
}

function normalizeFloats({ channels, normalization: { mean, deviation } }: Dataset): Normalize {
  return (stored, to, at) => {
    const numbers = new Float32Array(stored.buffer, stored.byteOffset, stored.length / 4);
    for (let i = 0; i < numbers.length; i += channels) {
      for (let channel = 0; channel < channels; channel++) {
        to[at + i + channel] = (numbers[i + channel]! - mean[channel]!) / deviation[channel]!;
      }
    }
  };
}
