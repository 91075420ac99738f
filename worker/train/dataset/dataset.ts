/** Images of one size with one label each, as bytes: small to hold, quick to read, turned into floats batch by batch. */
export interface LabelledImages {
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for red, green, blue. */
  readonly channels: number;
  readonly classes: number;
  /** One image after another: row by row, channels last; 0 to 255. */
  readonly images: Uint8Array;
  /** One byte per image, below `classes`. */
  readonly labels: Uint8Array;
}

/** What of the labelled images is trained on, and what the metrics are measured on: indices of images. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  /** What neither training nor the search has seen; undefined where the data set has none. */
  readonly test?: Uint32Array | undefined;
}

/** A data set ready to train on. */
export interface Dataset extends LabelledImages, Split {
  readonly name: string;
  /** SHA-256 of images, labels and split, in hex. */
  readonly digest: string;
}

/** How a study wants a data set cut; what is left out is the data set's own default. */
export interface DatasetOptions {
  /** Images to train on. */
  readonly train?: number | undefined;
  /** Images to measure on. */
  readonly validation?: number | undefined;
  /** A uint32 that says which images go where (and, for a generated set, which images there are). Default 0. */
  readonly seed?: number | undefined;
}

/** Bytes of one image. */
export function imageBytes(images: LabelledImages): number {
  return images.height * images.width * images.channels;
}
