import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import type { LabelledImages, Split } from './dataset.js';

/**
 * SHA-256, in hex, of what a training sees: shape, images, labels and split. Two workers with the same digest train
 * on the same data, however their files are packed.
 */
export function digestDataset(data: LabelledImages, split: Split): string {
  const { height, width, channels, classes } = data;
  const hash = createHash('sha256');
  hash.update(`${[height, width, channels, classes, split.train.length, split.validation.length].join(' ')}\n`);
  hash.update(data.images);
  hash.update(data.labels);
  hash.update(littleEndian(split.train));
  hash.update(littleEndian(split.validation));
  return hash.digest('hex');
}

function littleEndian(indices: Uint32Array): Buffer {
  const bytes = Buffer.from(indices.buffer, indices.byteOffset, indices.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}
