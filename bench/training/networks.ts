import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainConfig } from '../../proto/objective.js';
import { trainConfigSchema } from '../../proto/objective.js';
import type { Dataset, Pixels } from '../../worker/train/dataset/dataset.js';
import { pixelsInFile } from '../../worker/train/dataset/pixels.js';
import { Random } from '../../worker/train/random.js';

export const MODELS = ['mlp', 'cnn'] as const;
export type Model = (typeof MODELS)[number];

/** The two networks that are measured, on pictures of 28 by 28 grey pixels in 10 classes. */
export const LAYERS: Record<Model, readonly object[]> = {
  mlp: [
    { type: 'dense', units: 256 },
    { type: 'dense', units: 128 },
  ],
  cnn: [
    { type: 'conv', filters: 16 },
    { type: 'pooling' },
    { type: 'conv', filters: 32 },
    { type: 'pooling' },
    { type: 'dense', units: 64 },
  ],
};

export function configOf(model: Model, batch: number): TrainConfig {
  return trainConfigSchema.parse({
    dataset: 'noise',
    architecture: { layers: LAYERS[model] },
    optimizer: { type: 'sgd', learning_rate: 0.05 },
    batch_size: batch,
    epochs: 100_000,
  });
}

/** Pictures in the file, as many as MNIST has to train and validate on: those that are used lie scattered over it. */
const PICTURES = 60_000;
/** Pictures that differ; the others repeat them. */
const DIFFERENT = 1_000;

/** Random pictures, in a file as a worker's are: how fast they pass does not depend on what is on them. */
export function noise(images: number): Dataset {
  const random = new Random(7);
  const validation = 10;
  const all = images + validation;
  const some = Uint8Array.from({ length: DIFFERENT * 784 }, () => random.below(256));
  const bytes = new Uint8Array(PICTURES * 784);
  for (let at = 0; at < bytes.length; at += some.length) bytes.set(some, at);
  const used = Uint32Array.from({ length: all }, (_, index) => Math.floor((index * PICTURES) / all));
  return {
    name: 'noise',
    height: 28,
    width: 28,
    channels: 1,
    type: 'u8',
    pixels: inFile(bytes),
    classes: 10,
    classNames: Array.from({ length: 10 }, (_, label) => String(label)),
    labels: Uint16Array.from({ length: PICTURES }, () => random.below(10)),
    parts: { train: PICTURES, validation: 0, test: 0 },
    train: used.subarray(0, images),
    validation: used.subarray(images),
    test: new Uint32Array(0),
    normalization: { mean: [127.5], deviation: [74] },
    means: [127.5],
    content: '',
    digest: '',
  };
}

function inFile(bytes: Uint8Array): Pixels {
  const folder = mkdtempSync(join(tmpdir(), 'assay-noise-'));
  const path = join(folder, 'pixels');
  writeFileSync(path, bytes);
  const pixels = pixelsInFile(path, 784);
  rmSync(folder, { recursive: true }); // What is open can still be read.
  return pixels;
}
