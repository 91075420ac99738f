import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ObjectiveError } from '../../objectives/errors.js';
import type { LabelledImages } from './dataset.js';
import { readIdxImages } from './idx.js';

const TRAIN_FILES = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'] as const;
const TEST_FILES = ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] as const;

/**
 * Whether any of MNIST's four files, gzipped or not, lies in `mnist/` in the folder or in the folder itself. A folder that is
 * incomplete counts: its trials fail and say which file is missing, where a worker without the data set would just never
 * get any.
 */
export async function hasMnist(datasetsDir: string): Promise<boolean> {
  for (const file of [...TRAIN_FILES, ...TEST_FILES]) {
    if ((await findFile(datasetsDir, file)) !== undefined) return true;
  }
  return false;
}

/**
 * The 60,000 images of MNIST's training files. The test files stay untouched: a search that saw them would have
 * nothing left to be judged by.
 *
 * @throws {ObjectiveError} when a file is missing or damaged
 */
export async function readMnist(datasetsDir: string | undefined): Promise<LabelledImages> {
  if (datasetsDir === undefined) {
    throw new ObjectiveError('data set mnist needs a folder of data sets; start the worker with --datasets <folder>');
  }
  // One after the other, so that of two missing files it is always the same that is named.
  const images = await requireFile(datasetsDir, TRAIN_FILES[0]);
  const labels = await requireFile(datasetsDir, TRAIN_FILES[1]);
  return readIdxImages(images, labels);
}

async function requireFile(datasetsDir: string, file: string): Promise<string> {
  const path = await findFile(datasetsDir, file);
  if (path !== undefined) return path;
  throw new ObjectiveError(
    `data set mnist: ${file} was not found; it must lie, gzipped (.gz) or not, in ${join(datasetsDir, 'mnist')} ` +
      `or ${datasetsDir}`,
  );
}

async function findFile(datasetsDir: string, file: string): Promise<string | undefined> {
  for (const folder of [join(datasetsDir, 'mnist'), datasetsDir]) {
    for (const path of [join(folder, file), join(folder, `${file}.gz`)]) {
      if (await isReadable(path)) return path;
    }
  }
  return undefined;
}

function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
