import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ObjectiveError } from '../../objectives/errors.js';
import type { LabelledImages } from './dataset.js';

const UNSIGNED_BYTE = 0x08;
const gunzipAsync = promisify(gunzip);

interface IdxFile {
  readonly path: string;
  readonly shape: readonly number[];
  /** In the file's order: the last axis runs fastest. */
  readonly values: Uint8Array;
}

/**
 * Reads a pair of MNIST-style files: images (three axes: image, row, column) and labels (one axis).
 *
 * @see http://yann.lecun.com/exdb/mnist/ for the format
 * @throws {ObjectiveError} when a file is missing, damaged or of another kind, or the two do not belong together
 */
export async function readIdxImages(imagesPath: string, labelsPath: string): Promise<LabelledImages> {
  const images = await readIdx(imagesPath, 3);
  const labels = await readIdx(labelsPath, 1);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.shape[0] !== count) {
    throw new ObjectiveError(
      `${labelsPath} has ${labels.shape[0]} labels but ${imagesPath} has ${count} images; it must have one per image`,
    );
  }
  if (count === 0) throw new ObjectiveError(`${imagesPath} has no images; it must have at least one`);
  const classes = labels.values.reduce((most, label) => Math.max(most, label), 0) + 1;
  return { height, width, channels: 1, classes, images: images.values, labels: labels.values };
}

async function readIdx(path: string, axes: number): Promise<IdxFile> {
  const bytes = await readMaybeGzipped(path);
  const expected = (UNSIGNED_BYTE << 8) | axes;
  const headerBytes = 4 + 4 * axes;
  if (bytes.length < 4) {
    throw new ObjectiveError(`${path} has ${bytes.length} bytes; an IDX file begins with ${headerBytes} of header`);
  }
  const magic = bytes.readUInt32BE(0);
  if (magic !== expected) {
    throw new ObjectiveError(
      `${path} begins with the magic number ${hex(magic)}; it must be ${hex(expected)}, unsigned bytes in ` +
        `${axes === 1 ? '1 axis (labels)' : `${axes} axes (images)`}`,
    );
  }
  if (bytes.length < headerBytes) {
    throw new ObjectiveError(`${path} has ${bytes.length} bytes; its header alone must have ${headerBytes}`);
  }
  const shape = Array.from({ length: axes }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  const size = shape.reduce((product, length) => product * length, 1);
  const found = bytes.length - headerBytes;
  if (found !== size) {
    throw new ObjectiveError(
      `${path} is ${found < size ? 'truncated' : 'too long'}: it has ${found} bytes after its header; ` +
        `${shape.join(' x ')} must have ${size}`,
    );
  }
  return { path, shape, values: bytes.subarray(headerBytes) };
}

async function readMaybeGzipped(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new ObjectiveError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await gunzipAsync(bytes);
  } catch (cause) {
    throw new ObjectiveError(`${path} is no whole gzip file: ${(cause as Error).message}; fetch it anew`, { cause });
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
