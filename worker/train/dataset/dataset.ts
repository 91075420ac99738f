/** What one sample is: an image, or, one pixel high and wide, a row of a table with a channel for each column. */
export interface SampleShape {
  readonly height: number;
  readonly width: number;
  /** 1 for grey; 3 for red, green, blue. */
  readonly channels: number;
}

/** How a number of a sample is stored: a byte, or a 32-bit float in this machine's order. */
export type NumberType = 'u8' | 'f32';

/** The numbers of all samples. They lie where every slot of the worker can read them, and are copied batch by batch. */
export interface Pixels {
  /**
   * Copies samples, one after the other: row by row, channels last.
   *
   * @param to as many bytes as these samples have
   */
  read(indices: Uint32Array, to: Uint8Array): void;
  /**
   * Says which samples will be read next, in this order and some at a time, so that they may be had for less. Others may be
   * read all the same.
   */
  expect(order: Uint32Array): void;
  close(): void;
}

/** How many samples are for what by the source's own will; they lie in this order. */
export interface Parts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Samples of one shape with one label each, not yet cut. */
export interface Samples extends SampleShape {
  readonly type: NumberType;
  readonly pixels: Pixels;
  /** One per sample: the place of its class in `classNames`. */
  readonly labels: Uint16Array;
  readonly classNames: readonly string[];
  readonly parts: Parts;
  /** SHA-256, in hex, of what the numbers were made of; with the labels it says which data these are. */
  readonly content: string;
}

/** What is trained on, what the metrics are measured on, and what only the last word is measured on: indices of samples. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  /** May be empty. */
  readonly test: Uint32Array;
}

/** What a network sees of a number: (number - mean) / deviation, by channel. Taken from the training samples alone. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A data set ready to train on. */
export interface Dataset extends Samples, Split {
  readonly name: string;
  readonly classes: number;
  readonly normalization: Normalization;
  /** Mean of each channel of the training samples, as stored. */
  readonly means: readonly number[];
  /** SHA-256 of samples, labels and split, in hex. */
  readonly digest: string;
}

/** How a study wants a data set cut; what is left out is the data set's own default. */
export interface CutOptions {
  /** Samples to train on: how many, or below 1 a share of those that are there. */
  readonly train?: number | undefined;
  /** Samples to measure on. */
  readonly validation?: number | undefined;
  /** Samples to keep for the last word. */
  readonly test?: number | undefined;
  /** A uint32 that says which samples go where (and, for a generated set, which samples there are). Default 0. */
  readonly seed?: number | undefined;
}

/** Numbers in one sample. */
export function sampleSize({ height, width, channels }: SampleShape): number {
  return height * width * channels;
}

/** Bytes of one sample as it is stored. */
export function sampleBytes(samples: SampleShape & { readonly type: NumberType }): number {
  return sampleSize(samples) * (samples.type === 'u8' ? 1 : 4);
}
