import { z } from 'zod';

/** Where in a worker's folder of data sets something lies: no way leads out of it. */
const placeSchema = z
  .string()
  .max(1000)
  .regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\0\\]+$/, {
    error: 'must be a path below the folder of data sets of the workers, without ".."',
  });

/** How many samples, or which share of those that are there. */
const amountSchema = z.union([z.int().min(10).max(100_000_000), z.number().gt(0).lt(1)]);

/** Pixels. */
const sideSchema = z.int().min(1).max(4096);

/** A column's name, or its number from 1 where the first row names none. */
const columnSchema = z.union([z.string().min(1).max(1000), z.int().min(1).max(1_000_000)]);

const cutSchemas = {
  train: amountSchema.optional(),
  validation: amountSchema.optional(),
  test: amountSchema.optional(),
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  normalize: z.enum(['standard', 'unit', 'none']).optional(),
};

/** What a search file may say of its data: a name, or a mapping whose kind is told by one key. */
export const datasetConfigSchema: z.ZodType<DatasetConfig, unknown> = z.union([
  z.string().min(1).max(200),
  z.strictObject({ name: z.string().min(1).max(200), data: placeSchema.optional(), ...cutSchemas }),
  z.strictObject({
    idx: placeSchema,
    labels: placeSchema.optional(),
    test_idx: placeSchema.optional(),
    test_labels: placeSchema.optional(),
    ...cutSchemas,
  }),
  z.strictObject({ cifar10: placeSchema, ...cutSchemas }),
  z.strictObject({ cifar100: placeSchema, labels: z.enum(['fine', 'coarse']).optional(), ...cutSchemas }),
  z.strictObject({
    images: placeSchema,
    size: z.union([sideSchema, z.array(sideSchema).length(2)]).optional(),
    colour: z.enum(['rgb', 'grey']).optional(),
    fit: z.enum(['cover', 'contain', 'stretch']).optional(),
    ...cutSchemas,
  }),
  z.strictObject({
    csv: placeSchema,
    label: columnSchema,
    test_csv: placeSchema.optional(),
    columns: z.array(columnSchema).min(1).max(100_000).optional(),
    ignore: z.array(columnSchema).min(1).max(100_000).optional(),
    header: z.boolean().optional(),
    delimiter: z.string().min(1).max(10).optional(),
    shape: z.array(sideSchema).min(2).max(3).optional(),
    ...cutSchemas,
  }),
  z.strictObject({
    npy: placeSchema,
    labels: placeSchema,
    test_npy: placeSchema.optional(),
    test_labels: placeSchema.optional(),
    ...cutSchemas,
  }),
]);

/** How a data set is cut and what a network sees of its numbers; what is left out is the data set's own default. */
export interface CutConfig {
  /** Samples to train on: how many, or below 1 a share of those that are there. */
  readonly train?: number | undefined;
  /** Samples to measure on. */
  readonly validation?: number | undefined;
  /** Samples that are kept apart for the last word. */
  readonly test?: number | undefined;
  /** Decides which samples go where. */
  readonly seed?: number | undefined;
  /** `standard`, the default: mean 0 and variance 1 over the training samples; `unit`: 0 to 1; `none`: as stored. */
  readonly normalize?: 'standard' | 'unit' | 'none' | undefined;
}

/** A set that is known by its name: generated, or downloaded. `data`: the folder in which its files lie already. */
export interface NamedDataConfig extends CutConfig {
  readonly name: string;
  readonly data?: string | undefined;
}

/** MNIST-style files: a folder with the usual names, or a file of images and one of labels. */
export interface IdxDataConfig extends CutConfig {
  readonly idx: string;
  readonly labels?: string | undefined;
  readonly test_idx?: string | undefined;
  readonly test_labels?: string | undefined;
}

/** CIFAR-10's binary version: a folder with its files, or its archive. */
export interface Cifar10DataConfig extends CutConfig {
  readonly cifar10: string;
}

/** CIFAR-100's binary version. */
export interface Cifar100DataConfig extends CutConfig {
  readonly cifar100: string;
  /** One of 100 classes (the default), or one of the 20 groups that they belong to. */
  readonly labels?: 'fine' | 'coarse' | undefined;
}

/** PNG, JPEG and WebP images in a folder for each class, below `train`, `validation` and `test` where these are there. */
export interface ImagesDataConfig extends CutConfig {
  readonly images: string;
  /** What all are brought to: a side, or height and width. Default: all have one size already. */
  readonly size?: number | readonly number[] | undefined;
  /** Default `rgb`. */
  readonly colour?: 'rgb' | 'grey' | undefined;
  /** Of an image of another shape: `cover` (the default) cuts off, `contain` surrounds with black, `stretch` distorts. */
  readonly fit?: 'cover' | 'contain' | 'stretch' | undefined;
}

/** A table of numbers with a column of classes. */
export interface CsvDataConfig extends CutConfig {
  readonly csv: string;
  readonly label: string | number;
  readonly test_csv?: string | undefined;
  /** Default: all but the label. */
  readonly columns?: readonly (string | number)[] | undefined;
  readonly ignore?: readonly (string | number)[] | undefined;
  /** Whether the first row names the columns; default true. */
  readonly header?: boolean | undefined;
  /** Default: a comma. */
  readonly delimiter?: string | undefined;
  /** Height, width and, beyond grey, channels of the image that each row is. */
  readonly shape?: readonly number[] | undefined;
}

/** NumPy arrays: (samples, numbers), (samples, height, width) or (samples, height, width, channels), and labels from 0 on. */
export interface NpyDataConfig extends CutConfig {
  readonly npy: string;
  readonly labels: string;
  readonly test_npy?: string | undefined;
  readonly test_labels?: string | undefined;
}

/** Paths are below the worker's folder of data sets. */
export type DatasetConfig =
  | string
  | NamedDataConfig
  | IdxDataConfig
  | Cifar10DataConfig
  | Cifar100DataConfig
  | ImagesDataConfig
  | CsvDataConfig
  | NpyDataConfig;

/** How training images are changed at random. */
export const augmentConfigSchema: z.ZodType<AugmentConfig, unknown> = z.strictObject({
  shift: z.int().min(0).max(1024).default(0),
  flip: z.number().min(0).max(1).default(0),
  crop: z.int().min(0).max(1024).default(0),
  cutout: z.int().min(0).max(2048).default(0),
  rotate: z.number().min(0).max(180).default(0),
});

/** Changes of training images, drawn anew in every epoch. Lengths are pixels; 0 means not at all. */
export interface AugmentConfig {
  /** Moved by up to so many whole pixels up or down and left or right; what is uncovered repeats the edge. */
  readonly shift: number;
  /** Chance of being mirrored left to right, in [0, 1]. */
  readonly flip: number;
  /** A window that is up to so many pixels smaller, anywhere in the image, is enlarged to the image's size. */
  readonly crop: number;
  /** Side of a square, centred anywhere in the image, that is painted over with the mean. */
  readonly cutout: number;
  /** Turned by up to so many degrees either way. */
  readonly rotate: number;
}
