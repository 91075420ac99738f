import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import type { Samples, Split } from './dataset.js';

/**
 * SHA-256, in hex, of what a training sees: shape, samples, labels, classes and split. Two workers with the same digest
 * train on the same data, however their files are packed.
 */
export function digestDataset(samples: Samples, split: Split): string {
  const { height, width, channels, type, classNames, content, labels } = samples;
  const { train, validation, test } = split;
  const hash = createHash('sha256');
  const counts = [labels, train, validation, test].map(({ length }) => length);
  hash.update(`${JSON.stringify([height, width, channels, type, classNames, content, counts])}\n`);
  for (const numbers of [labels, train, validation, test]) hash.update(littleEndian(numbers));
  return hash.digest('hex');
}

function littleEndian(numbers: Uint16Array | Uint32Array): Buffer {
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  if (endianness() === 'LE') return bytes;
  return numbers.BYTES_PER_ELEMENT === 2 ? Buffer.from(bytes).swap16() : Buffer.from(bytes).swap32();
}
