import { describe, expect, it } from 'vitest';
import { CIFAR_10, CIFAR_100, CIFAR_100_COARSE, cifarSource } from '../../../../worker/train/dataset/cifar.js';
import { cifarArchive, cifarFiles, cifarRecords } from './cifar-file.js';
import { decode } from './decode.js';
import { faultOf, temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

function putFiles(files: Iterable<readonly [string, Buffer]>): void {
  for (const [name, bytes] of files) folder.put(name, bytes);
}

const readFolder = (kind = CIFAR_10) => decode(cifarSource('c', kind, { folder: folder.path }));
const readArchive = (bytes: Uint8Array) =>
  decode(cifarSource('c', CIFAR_10, { archive: folder.put('c.tar.gz', bytes) }));

describe('cifarSource', () => {
  it('puts the planes of colours side by side, pixel by pixel, and keeps the test file apart', async () => {
    putFiles(cifarFiles(12));
    const read = await readFolder();
    expect(read).toMatchObject({ height: 32, width: 32, channels: 3, parts: { train: 61, validation: 0, test: 12 } });
    expect([...read.numbers.subarray(5 * 3072, 5 * 3072 + 6)]).toEqual([5, 6, 7, 5, 6, 7]);
    expect(read.numbers).toHaveLength(73 * 3072);
    expect([...read.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(read.classNames[9]).toBe('truck');
  });

  it('reads the same from the archive, whatever the order of its files', async () => {
    const files = cifarFiles(3);
    putFiles(files);
    const unpacked = await readFolder();
    expect(await readArchive(await cifarArchive([...files].reverse()))).toEqual(unpacked);
    expect(await readArchive(await cifarArchive([['readme.html', Buffer.from('x')], ...files]))).toEqual(unpacked);
  });

  it('takes the fine or the coarse of the two labels of CIFAR-100', async () => {
    const record = Buffer.concat([Buffer.of(3, 77), cifarRecords(1).subarray(1)]);
    putFiles([
      ['train.bin', record],
      ['test.bin', record],
    ]);
    const [fine, coarse] = [await readFolder(CIFAR_100), await readFolder(CIFAR_100_COARSE)];
    expect(fine.classNames[fine.labels[0]!]).toBe('snail');
    expect(coarse.classNames[coarse.labels[0]!]).toBe('food_containers');
  });

  it.each<[string, (files: Map<string, Buffer>) => void, string]>([
    [
      'a truncated file',
      (files) => files.set('data_batch_2.bin', cifarRecords(3).subarray(0, 9000)),
      'data_batch_2.bin has 9000 bytes; it must have 3073 for each image, and 2854 are left over',
    ],
    [
      'a label that is none',
      (files) => files.set('data_batch_3.bin', Buffer.concat([Buffer.of(10), cifarRecords(1).subarray(1)])),
      'data_batch_3.bin: the label of image 1 is 10; it must be below 10',
    ],
    [
      'an empty file',
      (files) => files.set('test_batch.bin', Buffer.alloc(0)),
      'test_batch.bin has no images; it must have at least one',
    ],
  ])('refuses %s, by folder and by archive', async (_, change, fault) => {
    const files = new Map(cifarFiles(2));
    change(files);
    putFiles(files);
    expect(await faultOf(() => readFolder(), folder)).toBe(fault);
    const archive = await cifarArchive(files);
    expect(await faultOf(() => readArchive(archive), folder)).toBe(`c.tar.gz: ${fault}`);
  });

  it('says which file is missing', async () => {
    const files = new Map(cifarFiles(2));
    files.delete('data_batch_4.bin');
    putFiles(files);
    expect(await faultOf(() => readFolder(), folder)).toMatch(/^data_batch_4\.bin cannot be read: ENOENT/);
    const archive = await cifarArchive(files);
    expect(await faultOf(() => readArchive(archive), folder)).toBe(
      "c.tar.gz has no data_batch_4.bin; it must be CIFAR's binary version",
    );
  });

  it('refuses an archive that is cut off, and one that is none', async () => {
    const archive = await cifarArchive(cifarFiles(40));
    expect(await faultOf(() => readArchive(archive.subarray(0, -40)), folder)).toMatch(
      /^c\.tar\.gz is no whole \.tar\.gz/,
    );
    expect(await faultOf(() => readArchive(Buffer.from('no archive')), folder)).toMatch(
      /^c\.tar\.gz is no whole \.tar\.gz/,
    );
  });
});
