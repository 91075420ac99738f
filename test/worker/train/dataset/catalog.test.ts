import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { availableDatasets } from '../../../../worker/objectives/objective.js';
import { openDataset } from '../../../../worker/train/dataset/catalog.js';
import { idxFile } from './idx-file.js';

const COUNT = 200;
const FILES: Readonly<Record<string, Buffer>> = {
  'train-images-idx3-ubyte': idxFile(
    [COUNT, 2, 2],
    Uint8Array.from({ length: COUNT * 4 }, (_, index) => index % 251),
  ),
  'train-labels-idx1-ubyte': idxFile(
    [COUNT],
    Uint8Array.from({ length: COUNT }, (_, index) => index % 10),
  ),
  't10k-images-idx3-ubyte': idxFile([1, 2, 2], new Uint8Array(4)),
  't10k-labels-idx1-ubyte': idxFile([1], new Uint8Array(1)),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalog-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(where: string, packed: boolean): Promise<void> {
  await mkdir(where, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES)) {
    await writeFile(join(where, packed ? `${name}.gz` : name), packed ? gzipSync(bytes) : bytes);
  }
}

describe('availableDatasets', () => {
  it('always has the generated digits', async () => {
    expect(await availableDatasets()).toEqual(['digits']);
    expect(await availableDatasets(folder)).toEqual(['digits']);
    expect(await availableDatasets(join(folder, 'nowhere'))).toEqual(['digits']);
  });

  it('finds MNIST in its own folder or in the folder itself, gzipped or not', async () => {
    await put(join(folder, 'mnist'), true);
    expect(await availableDatasets(folder)).toEqual(['digits', 'mnist']);
    expect(await availableDatasets(join(folder, 'mnist'))).toEqual(['digits', 'mnist']);
  });

  it('offers an incomplete MNIST, whose trials then say what is missing, but not one of which there is nothing', async () => {
    expect(await availableDatasets(folder)).toEqual(['digits']);
    await put(folder, false);
    await rm(join(folder, 't10k-labels-idx1-ubyte'));
    expect(await availableDatasets(folder)).toEqual(['digits', 'mnist']);
  });
});

describe('openDataset', () => {
  it('cuts the training file, and has one digest however the files are packed', async () => {
    await put(join(folder, 'mnist'), true);
    const packed = await openDataset('mnist', { validation: 50 }, folder);
    await put(folder, false);
    await rm(join(folder, 'mnist'), { recursive: true });
    const plain = await openDataset('mnist', { validation: 50 }, folder);
    expect(packed.train).toHaveLength(150);
    expect(packed.validation).toHaveLength(50);
    expect(packed.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(plain.digest).toBe(packed.digest);
  });

  it('has another digest for another pixel, another label and another split', async () => {
    await put(folder, false);
    const digest = async (seed = 0): Promise<string> =>
      (await openDataset('mnist', { validation: 50, seed }, folder)).digest;
    const digests = [await digest(), await digest(1)];
    for (const name of ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte']) {
      const bytes = Buffer.from(FILES[name]!);
      bytes[bytes.length - 1] = 3;
      await writeFile(join(folder, name), bytes);
      digests.push(await digest());
    }
    expect(new Set(digests).size).toBe(4);
  });

  it('names the file of MNIST that is missing and where it would be looked for', async () => {
    await expect(openDataset('mnist', {}, folder)).rejects.toThrow(
      `data set mnist: train-images-idx3-ubyte was not found; it must lie, gzipped (.gz) or not, in ` +
        `${join(folder, 'mnist')} or ${folder}`,
    );
  });

  it('says what to do when the worker has no folder of data sets', async () => {
    await expect(openDataset('mnist', {}, undefined)).rejects.toThrow('start the worker with --datasets <folder>');
  });

  it('says which data sets there are when it knows no such one', async () => {
    await expect(openDataset('cats', {}, undefined)).rejects.toThrow(
      'data set "cats" is unknown to this worker; it has digits',
    );
  });
});
