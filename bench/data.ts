import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Augmentation } from '../worker/train/dataset/augmentation.js';
import { Batches } from '../worker/train/dataset/batches.js';
import { openDataset } from '../worker/train/dataset/catalog.js';
import { type Dataset, sampleBytes } from '../worker/train/dataset/dataset.js';
import { pixelsInMemory } from '../worker/train/dataset/pixels.js';
import { Random } from '../worker/train/random.js';

/*
 * What data cost: images decoded per second; opening a set whose decoded file is there; batches per second without and with
 * augmentation, out of the shared file and out of memory, each beside the other in one run; and the memory of four slots
 * that train on data of CIFAR-10's size.
 *
 *   npm run bench:data
 */

const BATCH = 128;
const SLOTS = 4;
const ROUNDS = 5;
const NOTHING: Augmentation = { shift: 0, flip: 0, crop: 0, cutout: 0, rotate: 0 };
const AUGMENTATIONS: readonly (readonly [string, Augmentation])[] = [
  ['shift 4', { ...NOTHING, shift: 4 }],
  ['flip 0.5', { ...NOTHING, flip: 0.5 }],
  ['cutout 8', { ...NOTHING, cutout: 8 }],
  ['crop 4', { ...NOTHING, crop: 4 }],
  ['rotate 15', { ...NOTHING, rotate: 15 }],
  ['shift 4, flip 0.5, cutout 8', { ...NOTHING, shift: 4, flip: 0.5, cutout: 8 }],
  ['all of them', { shift: 4, flip: 0.5, crop: 4, cutout: 8, rotate: 15 }],
];

const role = process.argv[2];
if (role !== undefined) await slot(role, process.argv[3]!);
else {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-data-'));
  try {
    await measureDecoding(folder);
    makeCifar(folder);
    await measureOpening(folder);
    await measureBatches(folder);
    await measureMemory(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function open(folder: string, config: Parameters<typeof openDataset>[0]): Promise<Dataset> {
  const places = { datasetsDir: join(folder, 'data'), cacheDir: join(folder, 'cache'), offline: true };
  return openDataset(config, { places, signal: new AbortController().signal, note: () => {} });
}

async function measureDecoding(folder: string): Promise<void> {
  const count = 1_000;
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    for (let i = 0; i < count; i++) {
      const way = join(folder, 'data', format, `class-${i % 10}`);
      mkdirSync(way, { recursive: true });
      const noise = { type: 'gaussian', mean: 128, sigma: 10 + (i % 40) } as const;
      const create = { height: 96, width: 96, channels: 3, background: '#000', noise } as const;
      writeFileSync(join(way, `${i}.${format}`), await sharp({ create }).toFormat(format).toBuffer());
    }
    const begin = performance.now();
    await open(folder, { images: format, size: 32 });
    const perSecond = (1_000 * count) / (performance.now() - begin);
    console.log(`decoded, ${format} of 96 x 96 to 32 x 32: ${Math.round(perSecond)} images per second`);
  }
}

/** As many images as CIFAR-10, of noise, in its files. */
function makeCifar(folder: string): void {
  const way = join(folder, 'data', 'cifar');
  mkdirSync(way, { recursive: true });
  const random = new Random(1);
  const bytes = Buffer.alloc(10_000 * 3073);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.uint32() & 0xff;
  for (let image = 0; image < 10_000; image++) bytes[image * 3073] = image % 10;
  for (const name of ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch']) {
    writeFileSync(join(way, `${name}.bin`), bytes);
  }
}

async function measureOpening(folder: string): Promise<void> {
  // What changed just now is not trusted yet, so it is made to look older.
  for (const name of ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch']) {
    utimesSync(join(folder, 'data', 'cifar', `${name}.bin`), 1e9, 1e9);
  }
  const times: number[] = [];
  for (let round = 0; round < 1 + ROUNDS; round++) {
    const begin = performance.now();
    (await open(folder, { cifar10: 'cifar' })).pixels.close();
    times.push(performance.now() - begin);
  }
  const [cold, ...warm] = times as [number, ...number[]];
  console.log(
    `opened, 60,000 images of 32 x 32 x 3: ${cold.toFixed(0)} ms to decode, then ${Math.min(...warm).toFixed(1)} ms`,
  );
}

async function measureBatches(folder: string): Promise<void> {
  const data = await open(folder, { cifar10: 'cifar' });
  const held = { ...data, pixels: pixelsInMemory(allOf(data), sampleBytes(data)) };
  const variants: [string, Batches][] = [
    ['as they are, out of the shared file', new Batches(data)],
    ['as they are, out of memory', new Batches(held)],
    ...AUGMENTATIONS.map(([name, augment]): [string, Batches] => [name, new Batches(data, { augment, seed: 1 })]),
  ];
  const best = variants.map(() => 0);
  // In turn, the best of each: other work on the machine only ever slows one down.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, batches]] of variants.entries()) best[i] = Math.max(best[i]!, batchesPerSecond(batches, data));
  }
  console.log(`batches of ${BATCH} images of 32 x 32 x 3                  per second    ratio`);
  for (const [i, [name]] of variants.entries()) {
    const ratio = (best[i]! / best[0]!).toFixed(2);
    console.log(`${name.padEnd(52)} ${Math.round(best[i]!).toString().padStart(10)} ${ratio.padStart(8)}`);
  }
}

function batchesPerSecond(batches: Batches, { train }: Dataset): number {
  const count = 60;
  const begin = performance.now();
  for (let step = 0; step < count; step++) {
    batches.fillForTraining(train.subarray(step * BATCH, (step + 1) * BATCH), step);
  }
  return (1_000 * count) / (performance.now() - begin);
}

/** Four processes that have each gone once through all training images: out of the shared file, and each with its own. */
async function measureMemory(folder: string): Promise<void> {
  const sums: number[] = [];
  for (const kind of ['shared', 'held', 'none'] as const) {
    const slots = Array.from({ length: SLOTS }, () => fork(fileURLToPath(import.meta.url), [kind, folder]));
    const sizes = await Promise.all(slots.map(async (child) => Number((await once(child, 'message'))[0])));
    for (const child of slots) child.disconnect();
    sums.push(sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20);
  }
  const [shared, held, none] = sums as [number, number, number];
  console.log(`memory of ${SLOTS} slots over 60,000 images of 32 x 32 x 3 (184 MB), beside processes without data:`);
  console.log(
    `  out of the shared file ${(shared - none).toFixed(0)} MiB, each with its own ${(held - none).toFixed(0)} MiB`,
  );
}

async function slot(kind: string, folder: string): Promise<void> {
  if (kind !== 'none') {
    const data = await open(folder, { cifar10: 'cifar' });
    const pixels = kind === 'held' ? pixelsInMemory(allOf(data), sampleBytes(data)) : data.pixels;
    const batches = new Batches({ ...data, pixels });
    for (let from = 0; from < data.train.length; from += BATCH) batches.fill(data.train.subarray(from, from + BATCH));
  }
  process.send?.(process.memoryUsage().rss);
  process.once('disconnect', () => process.exit(0));
}

function allOf(data: Dataset): Uint8Array {
  const bytes = new Uint8Array(data.labels.length * sampleBytes(data));
  data.pixels.read(Uint32Array.from(data.labels.keys()), bytes);
  return bytes;
}
