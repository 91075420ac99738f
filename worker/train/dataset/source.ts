import { ObjectiveError } from '../../objectives/errors.js';
import type { NumberType, Parts, SampleShape } from './dataset.js';

/** Files that samples are made of, and how. */
export interface Source {
  /** What people call it, for messages. */
  readonly name: string;
  /** All that decides, beside the files' content, what is made of them. Becomes JSON. */
  readonly recipe: readonly unknown[];
  /** The files, absolute, in a fixed order. */
  readonly files: readonly string[];
  /**
   * Reads the files and writes the numbers of the samples, in order.
   *
   * @throws {ObjectiveError} which file is at fault, what is wrong, and what would be right
   */
  decode(sink: SampleSink): Promise<Decoded>;
}

/** Takes the numbers of samples, however they are cut into pieces. */
export interface SampleSink {
  /** Aborted: decoding is to end soon. */
  readonly signal: AbortSignal;
  /** @throws the signal's reason when it is aborted */
  write(bytes: Uint8Array): Promise<void>;
}

/** What stands beside the numbers. */
export interface Decoded extends SampleShape {
  readonly type: NumberType;
  readonly labels: Uint16Array;
  readonly classNames: readonly string[];
  readonly parts: Parts;
  /** SHA-256, in hex, of what the numbers are made of, where that is not to be the numbers themselves. */
  readonly content?: string;
}

/** More are refused before room is made for them. */
export const MOST_SAMPLES = 50_000_000;
export const MOST_BYTES: number = 64 * 2 ** 30;
export const MOST_CLASSES = 10_000;

/** @throws {ObjectiveError} when there is nothing in the samples, or too much */
export function checkSize(path: string, count: number, shape: readonly number[], bytesPerNumber: number): void {
  const shapeWords = shape.join(' x ');
  if (count === 0) throw new ObjectiveError(`${path} has no images; it must have at least one`);
  if (shape.some((length) => length === 0)) {
    throw new ObjectiveError(`${path} has images of ${shapeWords}; each side must be at least 1`);
  }
  if (count > MOST_SAMPLES) {
    throw new ObjectiveError(`${path} has ${count} images; a data set has at most ${MOST_SAMPLES}`);
  }
  const bytes = shape.reduce((product, length) => product * length, count * bytesPerNumber);
  if (bytes <= MOST_BYTES) return;
  const size = `${Math.ceil(bytes / 2 ** 30)} GiB`;
  throw new ObjectiveError(
    `${path} has ${count} images of ${shapeWords}, ${size} in all; a data set has at most ${MOST_BYTES / 2 ** 30} GiB`,
  );
}

/** Class names for labels that are numbers: 0, 1, ... up to the highest. @throws {ObjectiveError} when they are too many */
export function numberedClasses(path: string, labels: Uint16Array): string[] {
  let most = 0;
  for (const label of labels) if (label > most) most = label;
  if (most >= MOST_CLASSES) {
    throw new ObjectiveError(`${path} has the label ${most}; labels are below ${MOST_CLASSES}`);
  }
  return Array.from({ length: most + 1 }, (_, label) => String(label));
}
