import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { ObjectiveError } from '../../../../worker/objectives/objective.js';
import { CIFAR_10, cifarSource } from '../../../../worker/train/dataset/cifar.js';
import { csvSource } from '../../../../worker/train/dataset/csv.js';
import { idxSource } from '../../../../worker/train/dataset/idx.js';
import { imageFolderSource } from '../../../../worker/train/dataset/image-folder.js';
import { npySource } from '../../../../worker/train/dataset/npy.js';
import type { Source } from '../../../../worker/train/dataset/source.js';
import { cifarArchive, cifarFiles } from './cifar-file.js';
import type { decode } from './decode.js';
import { idxFile } from './idx-file.js';
import { npyFile } from './npy-file.js';

/** One way in which a file comes to harm. */
export type Harm = (bytes: Uint8Array) => Uint8Array;

const anywhere = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (bytes: Uint8Array, where: number): number => Math.floor(where * bytes.length);

export const harm: fc.Arbitrary<Harm> = fc.oneof(
  fc.tuple(anywhere, fc.integer({ min: 0, max: 255 })).map(
    ([where, byte]): Harm =>
      (bytes) => {
        const other = Uint8Array.from(bytes);
        if (other.length > 0) other[at(other, where)] = byte;
        return other;
      },
  ),
  // Most of a header's claims are in its first bytes, and the largest number is the worst claim.
  fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 8 })).map(
    ([from, count]): Harm =>
      (bytes) =>
        Uint8Array.from(bytes).fill(255, from, from + count),
  ),
  anywhere.map(
    (where): Harm =>
      (bytes) =>
        bytes.subarray(0, at(bytes, where)),
  ),
  fc.tuple(anywhere, fc.nat(200)).map(
    ([where, count]): Harm =>
      (bytes) => {
        const from = at(bytes, where);
        return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + count)]);
      },
  ),
  fc.tuple(anywhere, fc.uint8Array({ maxLength: 40 })).map(
    ([where, more]): Harm =>
      (bytes) => {
        const from = at(bytes, where);
        return Buffer.concat([bytes.subarray(0, from), more, bytes.subarray(from)]);
      },
  ),
  fc.uint8Array({ maxLength: 200 }).map(
    (bytes): Harm =>
      () =>
        bytes,
  ),
  fc.constant<Harm>((bytes) => Buffer.concat([bytes, bytes])),
);

/** A source over files of which one came to harm, by its name. */
export type DataKind = readonly [
  string,
  ReadonlyMap<string, () => Uint8Array | Promise<Uint8Array>>,
  (path: string) => Source,
];

const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 3);
const idx = new Map([
  [
    'images',
    (): Uint8Array =>
      idxFile(
        [12, 5, 4],
        Uint8Array.from({ length: 240 }, (_, i) => i),
      ),
  ],
  ['labels', (): Uint8Array => idxFile([12], labels)],
]);
const packed = new Map(Array.from(idx, ([name, make]) => [name, (): Uint8Array => gzipSync(make())] as const));
const noisy = {
  height: 9,
  width: 8,
  channels: 3,
  background: '#fff',
  noise: { type: 'gaussian', mean: 128, sigma: 50 },
} as const;
const picture = (format: 'png' | 'jpeg' | 'webp') => (): Promise<Buffer> =>
  sharp({ create: noisy }).toFormat(format).toBuffer();

export const DATA_KINDS: readonly DataKind[] = [
  ['IDX', idx, (path) => idxSource('x', { images: `${path}/images`, labels: `${path}/labels` })],
  ['gzipped IDX', packed, (path) => idxSource('x', { images: `${path}/images`, labels: `${path}/labels` })],
  [
    'NPY',
    new Map([
      ['x', () => npyFile('<f4', [12, 3], new Uint8Array(Float32Array.from({ length: 36 }, (_, i) => i).buffer))],
      ['y', () => npyFile('|u1', [12], labels)],
    ]),
    (path) => npySource('x', { samples: `${path}/x`, labels: `${path}/y` }, undefined),
  ],
  [
    'CSV',
    new Map([
      [
        't.csv',
        () => Buffer.from(`a,b,kind\n${Array.from(labels, (label, i) => `${i},${i / 7},c${label}`).join('\n')}\n`),
      ],
    ]),
    (path) =>
      csvSource('x', `${path}/t.csv`, undefined, {
        label: 'kind',
        columns: undefined,
        ignore: [],
        header: true,
        delimiter: ',',
        shape: undefined,
      }),
  ],
  [
    'CIFAR',
    new Map(Array.from(cifarFiles(2), ([name, bytes]) => [name, () => bytes])),
    (path) => cifarSource('x', CIFAR_10, { folder: path }),
  ],
  [
    'a CIFAR archive',
    new Map([['c.tar.gz', () => cifarArchive(cifarFiles(2))]]),
    (path) => cifarSource('x', CIFAR_10, { archive: `${path}/c.tar.gz` }),
  ],
  [
    'images',
    new Map([
      ['a/1.png', picture('png')],
      ['a/2.jpg', picture('jpeg')],
      ['b/1.webp', picture('webp')],
      ['b/2.png', picture('png')],
    ]),
    (path) => imageFolderSource('x', { path, root: path }, { size: [4, 4], colour: 'rgb', fit: 'cover' }),
  ],
];

/** Of samples that do not add up, or of an error that is no clear answer; empty when there is nothing to say. */
export function whatIsWrong(result: unknown, folder: string): string {
  if (result instanceof ObjectiveError) {
    if (result.message.includes('\n')) return `more than one line: ${result.message}`;
    return result.message.includes(folder) ? '' : `no file is named: ${result.message}`;
  }
  if (result instanceof Error) return String(result.stack);
  const { height, width, channels, type, numbers, labels, classNames } = result as Awaited<ReturnType<typeof decode>>;
  const size = height * width * channels * (type === 'u8' ? 1 : 4);
  if (numbers.length !== size * labels.length) return `${numbers.length} bytes for ${labels.length} samples`;
  return labels.every((label) => label < classNames.length) ? '' : 'a label without a class';
}
