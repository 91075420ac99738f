import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetMissingError, ObjectiveError } from '../../objectives/errors.js';
import { type ByteReader, withFile } from './byte-reader.js';
import { checkSize, type Decoded, numberedClasses, type SampleSink, type Source } from './source.js';

const UNSIGNED_BYTE = 0x08;

/** A file of images and the file of their labels. */
export interface IdxPair {
  readonly images: string;
  readonly labels: string;
}

/**
 * MNIST-style files, gzipped or not: images (three axes: image, row, column) and labels (one axis).
 *
 * @param test       images that are apart from those to train on
 * @param classNames what the labels 0, 1, ... mean; left out, their numbers are their names
 * @see http://yann.lecun.com/exdb/mnist/ for the format
 */
export function idxSource(name: string, train: IdxPair, test?: IdxPair, classNames?: readonly string[]): Source {
  const pairs = test === undefined ? [train] : [train, test];
  return {
    name,
    recipe: ['idx', pairs.length, classNames ?? []],
    files: pairs.flatMap(({ images, labels }) => [images, labels]),
    decode: (sink) => decodeIdx(pairs, classNames, sink),
  };
}

async function decodeIdx(
  pairs: readonly IdxPair[],
  classNames: readonly string[] | undefined,
  sink: SampleSink,
): Promise<Decoded> {
  const parts: Part[] = [];
  for (const pair of pairs) parts.push(await decodePair(pair, parts[0], sink));
  const [train, test] = parts as [Part, Part?];
  const labels = new Uint16Array(train.labels.length + (test?.labels.length ?? 0));
  labels.set(train.labels);
  if (test !== undefined) labels.set(test.labels, train.labels.length);
  const names = classNames ?? numberedClasses(pairs[0]!.labels, labels);
  for (const [i, part] of parts.entries()) checkLabels(pairs[i]!.labels, part.labels, names.length);
  return {
    height: train.height,
    width: train.width,
    channels: 1,
    type: 'u8',
    labels,
    classNames: names,
    parts: { train: train.labels.length, validation: 0, test: test?.labels.length ?? 0 },
  };
}

interface Part {
  readonly height: number;
  readonly width: number;
  readonly labels: Uint8Array;
}

function decodePair(pair: IdxPair, like: Part | undefined, sink: SampleSink): Promise<Part> {
  return withFile(pair.images, async (images) => {
    const [count, height, width] = (await readHeader(images, 3)) as [number, number, number];
    checkSize(images.path, count, [height, width], 1);
    if (like !== undefined && (like.height !== height || like.width !== width)) {
      throw new ObjectiveError(
        `${images.path} has images of ${height} x ${width}, those to train on have ${like.height} x ${like.width}; ` +
          `all must be of one size`,
      );
    }
    const labels = await readLabels(pair, count);
    const size = count * height * width;
    for await (const bytes of images.upTo(size)) await sink.write(bytes);
    await checkEnd(images, [count, height, width], size);
    return { height, width, labels };
  });
}

function readLabels(pair: IdxPair, count: number): Promise<Uint8Array> {
  return withFile(pair.labels, async (labels) => {
    const [found] = (await readHeader(labels, 1)) as [number];
    if (found !== count) {
      throw new ObjectiveError(
        `${pair.labels} has ${found} labels but ${pair.images} has ${count} images; it must have one per image`,
      );
    }
    const bytes = await labels.take(count);
    await checkEnd(labels, [count], count);
    return bytes;
  });
}

/** The lengths of the axes. What they claim is checked against the file before anybody makes room for it. */
async function readHeader(file: ByteReader, axes: number): Promise<number[]> {
  const expected = (UNSIGNED_BYTE << 8) | axes;
  const headerBytes = 4 + 4 * axes;
  const header = await file.take(headerBytes);
  const { path } = file;
  if (header.length < 4) {
    throw new ObjectiveError(`${path} has ${header.length} bytes; an IDX file begins with ${headerBytes} of header`);
  }
  const magic = header.readUInt32BE(0);
  if (magic !== expected) {
    throw new ObjectiveError(
      `${path} begins with the magic number ${hex(magic)}; it must be ${hex(expected)}, unsigned bytes in ` +
        `${axes === 1 ? '1 axis (labels)' : `${axes} axes (images)`}`,
    );
  }
  if (header.length < headerBytes) {
    throw new ObjectiveError(`${path} has ${header.length} bytes; its header alone must have ${headerBytes}`);
  }
  const shape = Array.from({ length: axes }, (_, axis) => header.readUInt32BE(4 + 4 * axis));
  const size = sizeOf(shape);
  if (!file.isPacked && file.fileBytes !== headerBytes + size) {
    throw wrongLength(path, shape, file.fileBytes - headerBytes, size);
  }
  if (size > file.mostBytes) {
    throw new ObjectiveError(
      `${path} is truncated: ${shape.join(' x ')} must have ${size} bytes, more than ${file.fileBytes} gzipped ones can hold`,
    );
  }
  return shape;
}

async function checkEnd(file: ByteReader, shape: readonly number[], size: number): Promise<void> {
  const found = file.position - 4 - 4 * shape.length;
  if (found < size) throw wrongLength(file.path, shape, found, size);
  if (await file.isAtEnd()) return;
  throw new ObjectiveError(`${file.path} is too long: after its header ${shape.join(' x ')} must have ${size} bytes`);
}

function wrongLength(path: string, shape: readonly number[], found: number, size: number): ObjectiveError {
  return new ObjectiveError(
    `${path} is ${found < size ? 'truncated' : 'too long'}: it has ${found} bytes after its header; ` +
      `${shape.join(' x ')} must have ${size}`,
  );
}

function checkLabels(path: string, labels: Uint8Array, classes: number): void {
  const stranger = labels.findIndex((label) => label >= classes);
  if (stranger === -1) return;
  throw new ObjectiveError(`${path}: label ${stranger + 1} is ${labels[stranger]}; it must be below ${classes}`);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/**
 * The usual names in a folder: one file of images and one of labels to train on, and, where they are there, two to test on.
 *
 * @throws {ObjectiveError} when they are not there, or not one of each
 */
export function findIdxFolder(folder: string): { readonly train: IdxPair; readonly test: IdxPair | undefined } {
  const names = listFolder(folder);
  const find = (part: string, what: string): string | undefined => {
    const pattern = new RegExp(`(^|-)${part}-${what}[.-]idx\\d-ubyte(\\.gz)?$`);
    const found = names.filter((name) => pattern.test(name));
    const [first, second] = new Set(found.map((name) => name.replace(/\.gz$/, '')));
    if (second !== undefined) {
      throw new ObjectiveError(`${folder} has both ${first} and ${second}; name the files with idx and labels`);
    }
    return found.sort()[0];
  };
  const pair = (part: string): IdxPair | undefined => {
    const [images, labels] = [find(part, 'images'), find(part, 'labels')];
    if (images === undefined && labels === undefined) return undefined;
    if (images !== undefined && labels !== undefined)
      return { images: join(folder, images), labels: join(folder, labels) };
    const lacking = images === undefined ? `${part}-images-idx3-ubyte` : `${part}-labels-idx1-ubyte`;
    throw new DatasetMissingError(`${join(folder, lacking)} was not found; it must lie there, gzipped (.gz) or not`);
  };
  const train = pair('train');
  if (train !== undefined) return { train, test: pair('t10k') ?? pair('test') };
  throw new DatasetMissingError(
    `${folder} has no train-images-idx3-ubyte and train-labels-idx1-ubyte; name the files with idx and labels`,
  );
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new ObjectiveError(`${folder} cannot be read as a folder: ${(cause as Error).message}`, { cause });
  }
}
