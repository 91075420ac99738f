import { Random } from '../../random.js';
import type { Parts, SampleShape } from '../dataset.js';
import type { Source } from '../source.js';
import { Canvas } from './canvas.js';
import { writeDigit } from './handwriting.js';

/** Sizes of the set when the study names none: small enough that a trial of ten epochs takes seconds on one core. */
export const DIGITS_DEFAULTS = { train: 5_000, validation: 2_000 } as const;

const SIZE = 20;
const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** What makes the pictures hard to read: brightness in [0, 1], lengths in pixels. */
const DIRT = {
  noise: 0.12,
  /** At most this many stray pen marks. */
  scratches: 2,
  scratchLength: 6,
  scratchInk: [0.25, 0.8],
} as const;

/** Counts up with every change of how they look. */
const STYLE = 1;

/** Images of bytes, all in memory. */
export interface LabelledImages extends SampleShape {
  readonly classNames: readonly string[];
  /** One image after another: row by row, channels last. */
  readonly images: Uint8Array;
  /** One per image. */
  readonly labels: Uint16Array;
}

/** The set as something that is decoded: out of no file. */
export function digitsSource(parts: Parts, seed: number): Source {
  return {
    name: 'digits',
    recipe: ['digits', STYLE, parts, seed],
    files: [],
    async decode(sink) {
      const { images, ...rest } = generateDigits(parts.train + parts.validation + parts.test, seed);
      await sink.write(images);
      return { ...rest, type: 'u8', parts };
    },
  };
}

/**
 * Handwritten-looking digits, 20 by 20, made up by a seed: a data set for trying things out that needs no files. Any
 * number of images can be made; each depends on the seed and its own number alone, so a larger set begins with the
 * smaller one. The same bytes on every machine.
 *
 * @param count images, classes in turn
 * @param seed  a uint32
 */
export function generateDigits(count: number, seed: number): LabelledImages {
  const canvas = new Canvas(SIZE);
  const images = new Uint8Array(count * SIZE * SIZE);
  const labels = new Uint16Array(count);
  for (let image = 0; image < count; image++) {
    const random = new Random(seed, image);
    const digit = image % DIGITS.length;
    labels[image] = digit;
    canvas.clear();
    scratch(canvas, random);
    writeDigit(canvas, digit, random);
    develop(canvas, random, images.subarray(image * SIZE * SIZE, (image + 1) * SIZE * SIZE));
  }
  return { height: SIZE, width: SIZE, channels: 1, classNames: DIGITS, images, labels };
}

function scratch(canvas: Canvas, random: Random): void {
  const marks = random.below(DIRT.scratches + 1);
  for (let mark = 0; mark < marks; mark++) {
    const x = random.between(0, SIZE);
    const y = random.between(0, SIZE);
    const dx = random.between(-DIRT.scratchLength, DIRT.scratchLength);
    const dy = random.between(-DIRT.scratchLength, DIRT.scratchLength);
    const ink = random.between(DIRT.scratchInk[0], DIRT.scratchInk[1]);
    canvas.line(x, y, x + dx, y + dy, random.between(0.3, 0.8), ink);
  }
}

/** Turns brightness into bytes, with grain. */
function develop(canvas: Canvas, random: Random, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    const value = canvas.pixels[i]! + DIRT.noise * random.bell();
    bytes[i] = Math.round(255 * Math.min(1, Math.max(0, value)));
  }
}
