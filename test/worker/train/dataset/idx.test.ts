import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectiveError } from '../../../../worker/objectives/objective.js';
import { idxSource } from '../../../../worker/train/dataset/idx.js';
import { decode } from './decode.js';
import { idxFile } from './idx-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

const pixels = Uint8Array.from({ length: 3 * 2 * 4 }, (_, index) => index * 10);
const images = idxFile([3, 2, 4], pixels);
const labels = idxFile([3], Uint8Array.of(1, 0, 2));

async function read(imageFile: Uint8Array, labelFile: Uint8Array): ReturnType<typeof decode> {
  await writeFile(join(folder, 'images'), imageFile);
  await writeFile(join(folder, 'labels'), labelFile);
  return decode(idxSource('x', { images: join(folder, 'images'), labels: join(folder, 'labels') }));
}

async function fault(imageFile: Uint8Array, labelFile: Uint8Array): Promise<string> {
  const error: unknown = await read(imageFile, labelFile).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ObjectiveError);
  return (error as Error).message.replaceAll(`${folder}/`, '');
}

describe('idxSource', () => {
  it('reads images and labels, gzipped or not', async () => {
    const plain = await read(images, labels);
    expect(plain).toMatchObject({ height: 2, width: 4, channels: 1, classNames: ['0', '1', '2'] });
    expect([...plain.numbers]).toEqual([...pixels]);
    expect([...plain.labels]).toEqual([1, 0, 2]);
    expect(await read(gzipSync(images), gzipSync(labels))).toEqual(plain);
  });

  it('names the file that is missing', async () => {
    await writeFile(join(folder, 'labels'), labels);
    const reading = decode(idxSource('x', { images: join(folder, 'nowhere'), labels: join(folder, 'labels') }));
    await expect(reading).rejects.toThrow(`${join(folder, 'nowhere')} cannot be read: ENOENT`);
  });

  it('says how many bytes a truncated file has and how many it must have', async () => {
    expect(await fault(images.subarray(0, 30), labels)).toBe(
      'images is truncated: it has 14 bytes after its header; 3 x 2 x 4 must have 24',
    );
  });

  it('refuses a header that claims more than its file can hold, before it makes room for it', async () => {
    const claim = idxFile([1_000_000_000, 28, 28], new Uint8Array(10)).subarray(0, 26);
    expect(await fault(claim, labels)).toMatch(/^images has 1000000000 images|^images is truncated: it has 10 bytes/);
    const packed = idxFile([40_000_000, 28, 28], new Uint8Array(10));
    expect(await fault(gzipSync(packed), labels)).toMatch(
      /^images is truncated: 40000000 x 28 x 28 must have 31360000000 bytes, more than \d+ gzipped ones can hold$/,
    );
  });

  it('refuses a file with something after its data', async () => {
    expect(await fault(images, Buffer.concat([labels, labels]))).toBe(
      'labels is too long: it has 14 bytes after its header; 3 must have 3',
    );
  });

  it('says which magic number it found and which it needs', async () => {
    expect(await fault(labels, labels)).toBe(
      'images begins with the magic number 0x00000801; it must be 0x00000803, unsigned bytes in 3 axes (images)',
    );
    expect(await fault(images, idxFile([3], Uint8Array.of(1, 0, 2), 0xd01))).toBe(
      'labels begins with the magic number 0x00000d01; it must be 0x00000801, unsigned bytes in 1 axis (labels)',
    );
  });

  it('refuses a file too short for a header', async () => {
    expect(await fault(Buffer.alloc(0), labels)).toBe('images has 0 bytes; an IDX file begins with 16 of header');
    expect(await fault(images.subarray(0, 10), labels)).toBe('images has 10 bytes; its header alone must have 16');
  });

  it('refuses labels that do not match the images', async () => {
    expect(await fault(images, idxFile([2], Uint8Array.of(1, 0)))).toBe(
      'labels has 2 labels but images has 3 images; it must have one per image',
    );
  });

  it('refuses a file without images', async () => {
    expect(await fault(idxFile([0, 2, 4], pixels.subarray(0, 0)), idxFile([0], Uint8Array.of()))).toBe(
      'images has no images; it must have at least one',
    );
  });

  it('says that a gzip file is cut off', async () => {
    const packed = gzipSync(images);
    expect(await fault(packed.subarray(0, packed.length - 9), labels)).toMatch(
      /^images is no whole gzip file: .*; fetch it anew$/,
    );
  });
});
