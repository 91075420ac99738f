import { ObjectiveError } from '../../objectives/errors.js';
import type { Dataset, DatasetOptions, LabelledImages } from './dataset.js';
import { digestDataset } from './digest.js';
import { DIGITS_DEFAULTS, generateDigits } from './digits/digits.js';
import { hasMnist, readMnist } from './mnist.js';
import { type SplitSizes, splitStratified } from './split.js';

const MNIST_VALIDATION = 10_000;

/** Names of the data sets this worker can read. */
export async function listDatasets(datasetsDir: string | undefined): Promise<string[]> {
  const names = ['digits'];
  if (datasetsDir !== undefined && (await hasMnist(datasetsDir))) names.push('mnist');
  return names;
}

/**
 * Reads or generates a data set and cuts it into training and validation images.
 *
 * @throws {ObjectiveError} when there is no such data set, its files are damaged, or it has too few images
 */
export async function openDataset(
  name: string,
  options: DatasetOptions,
  datasetsDir: string | undefined,
): Promise<Dataset> {
  const seed = options.seed ?? 0;
  switch (name) {
    case 'digits': {
      const train = options.train ?? DIGITS_DEFAULTS.train;
      const validation = options.validation ?? DIGITS_DEFAULTS.validation;
      return cut(name, generateDigits(train + validation, seed), { train, validation }, seed);
    }
    case 'mnist': {
      const sizes = { train: options.train ?? 'rest', validation: options.validation ?? MNIST_VALIDATION } as const;
      return cut(name, await readMnist(datasetsDir), sizes, seed);
    }
    default: {
      const names = (await listDatasets(datasetsDir)).join(', ');
      throw new ObjectiveError(`data set ${JSON.stringify(name)} is unknown to this worker; it has ${names}`);
    }
  }
}

function cut(name: string, data: LabelledImages, sizes: SplitSizes, seed: number): Dataset {
  const split = splitStratified(name, data.labels, sizes, seed);
  return { name, ...data, ...split, digest: digestDataset(data, split) };
}
