import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { npySource } from '../../../../worker/train/dataset/npy.js';
import { decode } from './decode.js';
import { npyFile } from './npy-file.js';
import { faultOf, temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const bytesOf = (numbers: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(numbers.buffer);
const LABELS = npyFile('<i8', [3], bytesOf(BigInt64Array.of(0n, 2n, 1n)));

const read = (samples: Uint8Array, labels: Uint8Array = LABELS) =>
  decode(npySource('n', { samples: folder.put('x.npy', samples), labels: folder.put('y.npy', labels) }, undefined));
const floats = (numbers: Buffer): number[] => [...new Float32Array(Uint8Array.from(numbers).buffer)];

describe('npySource', () => {
  it('keeps bytes as bytes, gzipped or not', async () => {
    const file = npyFile(
      '|u1',
      [3, 2, 2],
      Uint8Array.from({ length: 12 }, (_, i) => i * 20),
    );
    const plain = await read(file);
    expect(plain).toMatchObject({ height: 2, width: 2, channels: 1, type: 'u8', classNames: ['0', '1', '2'] });
    expect([...plain.numbers]).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220]);
    expect([...plain.labels]).toEqual([0, 2, 1]);
    expect(await read(gzipSync(file), gzipSync(LABELS))).toEqual(plain);
  });

  it.each<[string, Uint8Array]>([
    ['<f4', bytesOf(Float32Array.of(0, -1.5, 2, 3, 4, 5))],
    ['>f4', Buffer.from(bytesOf(Float32Array.of(0, -1.5, 2, 3, 4, 5))).swap32()],
    ['<f8', bytesOf(Float64Array.of(0, -1.5, 2, 3, 4, 5))],
    ['>f8', Buffer.from(bytesOf(Float64Array.of(0, -1.5, 2, 3, 4, 5))).swap64()],
  ])('makes 32-bit floats of %s', async (descr, data) => {
    const samples = await read(npyFile(descr, [3, 2], data));
    expect(samples).toMatchObject({ height: 1, width: 1, channels: 2, type: 'f32' });
    expect(floats(samples.numbers)).toEqual([0, -1.5, 2, 3, 4, 5]);
  });

  it.each<[string, Uint8Array, number[]]>([
    ['|i1', bytesOf(Int8Array.of(-1, 2, 3)), [-1, 2, 3]],
    ['<i2', bytesOf(Int16Array.of(-300, 2, 3)), [-300, 2, 3]],
    ['>u2', Buffer.from(bytesOf(Uint16Array.of(60_000, 2, 3))).swap16(), [60_000, 2, 3]],
    ['<u4', bytesOf(Uint32Array.of(70_000, 2, 3)), [70_000, 2, 3]],
    ['<i8', bytesOf(BigInt64Array.of(-5n, 2n, 3n)), [-5, 2, 3]],
    ['|b1', Uint8Array.of(1, 0, 1), [1, 0, 1]],
  ])('makes 32-bit floats of %s', async (descr, data, numbers) => {
    expect(floats((await read(npyFile(descr, [3, 1], data))).numbers)).toEqual(numbers);
  });

  const u1 = (shape: readonly number[]): Buffer =>
    npyFile('|u1', shape, new Uint8Array(shape.reduce((product, length) => product * length, 1)));

  it.each<[string, Uint8Array, Uint8Array, unknown]>([
    [
      'no .npy file',
      Buffer.from('1,2,3,4,5'),
      LABELS,
      'x.npy is no .npy file: it does not begin with \\x93NUMPY; write it with numpy.save',
    ],
    [
      'a truncated file',
      u1([3, 4]).subarray(0, -2),
      LABELS,
      'x.npy is truncated: it has 10 bytes after its header; a shape of (3, 4) must have 12 bytes',
    ],
    [
      'a claim of a thousand million',
      npyFile('|u1', [1_000_000_000, 784], new Uint8Array(4)),
      LABELS,
      'x.npy is truncated: it has 4 bytes after its header; a shape of (1000000000, 784) must have 784000000000 bytes',
    ],
    [
      'the same, gzipped',
      gzipSync(npyFile('|u1', [1_000_000_000, 784], new Uint8Array(4))),
      LABELS,
      expect.stringMatching(/^x\.npy is truncated: a shape of .*gzipped ones can hold$/),
    ],
    [
      'other numbers',
      npyFile('<c8', [3, 1], new Uint8Array(24)),
      LABELS,
      'x.npy has numbers of type c8; they must be whole numbers or float32 or float64',
    ],
    [
      'columns',
      npyFile('|u1', [3, 2], new Uint8Array(6), true),
      LABELS,
      'x.npy is stored by columns; write it with numpy.save(file, numpy.ascontiguousarray(x))',
    ],
    [
      'channels first',
      u1([3, 3, 8, 8]),
      LABELS,
      'x.npy has samples of 3 x 8 x 8: channels must come last; write it anew with numpy.transpose(x, (0, 2, 3, 1))',
    ],
    [
      'a number that is none',
      npyFile('<f4', [3, 1], bytesOf(Float32Array.of(1, Number.NaN, 2))),
      LABELS,
      'x.npy: a number of sample 1 is NaN as a 32-bit float; all must be finite',
    ],
    [
      'a label for too few',
      u1([2, 2]),
      LABELS,
      expect.stringMatching(/y\.npy has 3 labels but .*x\.npy has 2 samples; it must have one per sample/),
    ],
    [
      'labels below zero',
      u1([3, 2]),
      npyFile('<i4', [3], bytesOf(Int32Array.of(0, -1, 1))),
      'y.npy: label 1 is -1; labels are whole numbers from 0 on',
    ],
    [
      'labels between',
      u1([3, 2]),
      npyFile('<f8', [3], bytesOf(Float64Array.of(0, 0.5, 1))),
      'y.npy: label 1 is 0.5; labels are whole numbers from 0 on',
    ],
    [
      'labels in rows',
      u1([3, 2]),
      u1([3, 10]),
      'y.npy has the shape (3, 10); labels must be one number for each sample',
    ],
    ['no samples', u1([0, 2]), LABELS, 'x.npy has no images; it must have at least one'],
  ])('refuses %s', async (_, samples, labels, fault) => {
    const said = await faultOf(() => read(samples, labels), folder);
    expect(said).toEqual(fault);
  });
});
