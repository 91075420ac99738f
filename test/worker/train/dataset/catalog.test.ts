import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatasetConfig } from '../../../../proto/dataset.js';
import { availableDatasets, DatasetMissingError } from '../../../../worker/objectives/objective.js';
import { openDataset } from '../../../../worker/train/dataset/catalog.js';
import type { Dataset } from '../../../../worker/train/dataset/dataset.js';
import { idxFile } from './idx-file.js';
import { preparation } from './preparation.js';

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
  't10k-images-idx3-ubyte': idxFile([20, 2, 2], new Uint8Array(80)),
  't10k-labels-idx1-ubyte': idxFile([20], new Uint8Array(20)),
};

let folder: string;
let data: string;
let cache: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalog-'));
  data = join(folder, 'data');
  cache = join(folder, 'cache');
  await mkdir(data);
});
afterEach(() => rm(folder, { recursive: true }));

async function put(where: string, packed = false): Promise<void> {
  await mkdir(where, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES)) {
    await writeFile(join(where, packed ? `${name}.gz` : name), packed ? gzipSync(bytes) : bytes);
  }
}

const open = (config: DatasetConfig, datasetsDir: string | undefined = data): Promise<Dataset> =>
  openDataset(config, preparation({ datasetsDir, cacheDir: cache, offline: true }));
const available = (datasetsDir?: string): Promise<string[]> => availableDatasets({ datasetsDir, offline: true });
const names = (list: readonly string[]): string[] => list.filter((name) => !name.startsWith('./'));

describe('availableDatasets', () => {
  it('always has the generated digits', async () => {
    expect(await available()).toEqual(['digits']);
    expect(await available(data)).toEqual(['digits']);
    expect(await available(join(data, 'nowhere'))).toEqual(['digits']);
  });

  it('finds MNIST in its own folder or in the folder itself, gzipped or not', async () => {
    await put(join(data, 'mnist'), true);
    expect(names(await available(data))).toEqual(['digits', 'mnist']);
    expect(names(await available(join(data, 'mnist')))).toEqual(['digits', 'mnist']);
  });

  it('offers an incomplete MNIST, whose trials then say what is missing, but not one of which there is nothing', async () => {
    expect(names(await available(data))).toEqual(['digits']);
    await put(data);
    await rm(join(data, 't10k-labels-idx1-ubyte'));
    expect(names(await available(data))).toEqual(['digits', 'mnist']);
  });

  it('tells what lies in the folder of data sets, hidden files aside', async () => {
    await mkdir(join(data, 'flowers'));
    await writeFile(join(data, 'iris.csv'), '');
    await writeFile(join(data, '.hidden'), '');
    expect(await available(data)).toEqual(['digits', './flowers', './iris.csv']);
  });
});

describe('openDataset', () => {
  it('cuts the training files, keeps the test files apart, and has one digest however the files are packed', async () => {
    await put(join(data, 'mnist'), true);
    const packed = await open({ name: 'mnist', validation: 50 });
    await put(data);
    await rm(join(data, 'mnist'), { recursive: true });
    const plain = await open({ name: 'mnist', validation: 50 });
    expect(packed.train).toHaveLength(150);
    expect(packed.validation).toHaveLength(50);
    expect([...packed.test]).toEqual(Array.from({ length: 20 }, (_, i) => 200 + i));
    expect(packed).toMatchObject({
      height: 2,
      width: 2,
      channels: 1,
      classes: 10,
      classNames: Array.from('0123456789'),
    });
    expect(packed.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(plain.digest).toBe(packed.digest);
  });

  it('has another digest for another pixel, another label and another split', async () => {
    await put(data);
    const digest = async (seed = 0): Promise<string> => (await open({ name: 'mnist', validation: 50, seed })).digest;
    const digests = [await digest(), await digest(1)];
    for (const name of ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte']) {
      const bytes = Buffer.from(FILES[name]!);
      bytes[bytes.length - 1] = 3;
      await writeFile(join(data, name), bytes);
      digests.push(await digest());
    }
    expect(new Set(digests).size).toBe(4);
  });

  it('names the file of MNIST that is missing and where it would be looked for', async () => {
    await put(data);
    await rm(join(data, 't10k-labels-idx1-ubyte'));
    const error: unknown = await open('mnist').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatasetMissingError);
    expect((error as Error).message).toMatch(
      `data set mnist: t10k-labels-idx1-ubyte, gzipped (.gz) or not was not found; it must lie in ${data}/mnist or ${data}`,
    );
  });

  it('draws the digits once for all that share a cache, and the same without one', async () => {
    const config = { name: 'digits', train: 50, validation: 20, test: 10, seed: 3 };
    const drawn = await open(config);
    const found = await open(config);
    const held = await openDataset(config, preparation({ offline: true }));
    // Of the builds that drew them for each trial: studies that began with those go on.
    const digest = 'f7bc8b1907553f2cc64b4697885b09870ae21064d8d40590da9a32e38ffe3b7c';
    expect([drawn, found, held].map((each) => each.digest)).toEqual([digest, digest, digest]);
    expect([drawn, found, held].map((each) => [...each.train])).toEqual(Array(3).fill([...drawn.train]));
    expect((await readdir(join(cache, 'decoded'))).filter((name) => name.endsWith('.bin'))).toHaveLength(1);
    await open({ ...config, seed: 4 });
    expect((await readdir(join(cache, 'decoded'))).filter((name) => name.endsWith('.bin'))).toHaveLength(2);
  });

  it('finds the files of a named set in the folder that a study names', async () => {
    await put(join(data, 'old', 'copy'));
    expect((await open({ name: 'fashion-mnist', data: 'old/copy', validation: 50 })).classNames[9]).toBe('Ankle boot');
    await expect(open({ name: 'mnist', data: 'old', validation: 50 })).rejects.toThrow('train-images-idx3-ubyte');
  });

  it('takes MNIST-style files by folder and by name', async () => {
    await put(join(data, 'mine'));
    const byFolder = await open({ idx: 'mine', validation: 50 });
    const byName = await open({
      idx: 'mine/train-images-idx3-ubyte',
      labels: 'mine/train-labels-idx1-ubyte',
      test_idx: 'mine/t10k-images-idx3-ubyte',
      test_labels: 'mine/t10k-labels-idx1-ubyte',
      validation: 50,
    });
    expect(byName.digest).toBe(byFolder.digest);
  });

  it('says which data sets there are when it knows no such one', async () => {
    await expect(open('cats')).rejects.toThrow(
      'data set "cats" is unknown; there are digits, mnist, fashion-mnist, kmnist, cifar10, cifar100, and what',
    );
  });
});

describe('the folder of data sets', () => {
  it.each(['..', '../data', 'a/../../x', '/etc'])('is not left by %s', async (idx) => {
    await expect(open({ idx })).rejects.toThrow("leads out of the worker's folder of data sets");
  });

  it('is not left by a link further down, but by one of the operator in the folder itself', async () => {
    await put(join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), join(data, 'linked'));
    expect((await open({ idx: 'linked', validation: 50 })).train).toHaveLength(150);
    await mkdir(join(data, 'deep'));
    await symlink(join(folder, 'elsewhere'), join(data, 'deep', 'linked'));
    await expect(open({ idx: 'deep/linked' })).rejects.toThrow('out of the folder');
  });

  it('is named in what is said of something that is not there', async () => {
    const error: unknown = await open({ idx: 'nowhere' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatasetMissingError);
    expect((error as Error).message).toBe(
      `nowhere was not found in the worker's folder of data sets, ${data} (ENOENT)`,
    );
  });
});
