import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { CIFAR_10, type CifarKind } from '../../../../worker/train/dataset/cifar.js';

/** Records of a CIFAR file: image i has the label i modulo classes, and planes of i, i + 1 and i + 2. */
export function cifarRecords(count: number, labelBytes = 1, classes = 10): Buffer {
  const records = Array.from({ length: count }, (_, i) => {
    const label = Buffer.alloc(labelBytes, i % classes);
    return Buffer.concat([label, ...[0, 1, 2].map((plane) => Buffer.alloc(1024, (i + plane) % 256))]);
  });
  return Buffer.concat(records);
}

/** All files of one of the two sets, with so many images in each. */
export function cifarFiles(count: number, kind: CifarKind = CIFAR_10): ReadonlyMap<string, Buffer> {
  const names = [...kind.train, ...kind.test];
  const records = cifarRecords(count, kind.labelBytes, Math.min(20, kind.classNames.length));
  return new Map(names.map((name, i) => [name, i === 0 ? cifarRecords(count + 1, kind.labelBytes) : records]));
}

/** The archive, its files in the order in which they are given. */
export async function cifarArchive(files: Iterable<readonly [string, Buffer]>): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of files) tar.entry({ name: `some-folder/${name}` }, bytes);
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar) pieces.push(piece as Uint8Array);
  return gzipSync(Buffer.concat(pieces));
}
