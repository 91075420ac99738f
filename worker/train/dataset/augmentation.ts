import { ObjectiveError } from '../../objectives/errors.js';
import type { Random } from '../random.js';
import type { SampleShape } from './dataset.js';

/** How training images are changed at random, anew in every epoch. Lengths are pixels; 0 means not at all. */
export interface Augmentation {
  /** Moved by up to so many whole pixels up or down and left or right; what is uncovered repeats the edge. */
  readonly shift: number;
  /** Chance of being mirrored left to right, in [0, 1]. */
  readonly flip: number;
  /** A window that is up to so many pixels smaller, anywhere in the image, is enlarged to the image's size. */
  readonly crop: number;
  /** Side of a square, centred anywhere in the image, that is painted over with the mean. */
  readonly cutout: number;
  /** Turned by up to so many degrees either way. */
  readonly rotate: number;
}

/** Writes a changed image to `to`, from `at` on. `image` is what the network would see of it, channels last. */
export type Augment = (image: Float32Array, to: Float32Array, at: number, random: Random) => void;

/**
 * Puts together what a study asks for; undefined where that is nothing.
 *
 * @param paint what stands for the mean, by channel, as the network sees it
 * @throws {ObjectiveError} when the samples are no images or too small for it
 * @see DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552, for the cut-out
 */
export function createAugment(
  name: string,
  shape: SampleShape,
  wanted: Augmentation | undefined,
  paint: readonly number[],
): Augment | undefined {
  if (wanted === undefined || Object.values(wanted).every((amount) => amount === 0)) return undefined;
  checkSizes(name, shape, wanted);
  const { height, width } = shape;
  const { shift, flip, crop, cutout, rotate } = wanted;
  const sampler = new Sampler(shape);
  return (image, to, at, random) => {
    const dx = shift > 0 ? random.below(2 * shift + 1) - shift : 0;
    const dy = shift > 0 ? random.below(2 * shift + 1) - shift : 0;
    const mirrored = flip > 0 && random.next() < flip;
    const cut = crop > 0 ? random.below(crop + 1) : 0;
    const [aside, down] = cut > 0 ? [random.between(-cut, cut) / 2, random.between(-cut, cut) / 2] : [0, 0];
    const angle = rotate > 0 ? (random.between(-rotate, rotate) * Math.PI) / 180 : 0;
    if (cut === 0 && angle === 0) sampler.move(image, to, at, dx, dy, mirrored);
    else sampler.transform(image, to, at, { dx: dx - aside, dy: dy - down, mirrored, cut, angle });
    if (cutout > 0) sampler.paint(to, at, random.below(width), random.below(height), cutout, paint);
  };
}

function checkSizes(name: string, { height, width }: SampleShape, { shift, crop, cutout }: Augmentation): void {
  if (height === 1 && width === 1) {
    throw new ObjectiveError(`train.augment changes images; data set ${name} has rows of numbers: leave it out`);
  }
  const most = Math.min(height, width) - 1;
  for (const [key, pixels, limit] of [
    ['shift', shift, most],
    ['crop', crop, most],
    ['cutout', cutout, 2 * Math.max(height, width)],
  ] as const) {
    if (pixels <= limit) continue;
    throw new ObjectiveError(
      `train.augment.${key} is ${pixels} pixels, the images of data set ${name} have ${height} x ${width}; ` +
        `it must be at most ${limit}`,
    );
  }
}

interface Transformation {
  readonly dx: number;
  readonly dy: number;
  readonly mirrored: boolean;
  /** Pixels by which the window is smaller than the image. */
  readonly cut: number;
  /** In radians. */
  readonly angle: number;
}

/** Moves, turns and enlarges images of one shape without allocating anything for one of them. */
class Sampler {
  readonly #height: number;
  readonly #width: number;
  readonly #channels: number;
  /** Where in a row the pixel lies that comes to each column. */
  readonly #columns: Int32Array;

  constructor({ height, width, channels }: SampleShape) {
    this.#height = height;
    this.#width = width;
    this.#channels = channels;
    this.#columns = new Int32Array(width);
  }

  /** By whole pixels: copies, beyond the edges the edge. */
  move(image: Float32Array, to: Float32Array, at: number, dx: number, dy: number, mirrored: boolean): void {
    const [height, width, channels, columns] = [this.#height, this.#width, this.#channels, this.#columns];
    for (let x = 0; x < width; x++) {
      const from = clamp(mirrored ? width - 1 - x + dx : x - dx, width - 1);
      columns[x] = from * channels;
    }
    let out = at;
    for (let y = 0; y < height; y++) {
      const row = clamp(y - dy, height - 1) * width * channels;
      if (channels === 1) {
        for (let x = 0; x < width; x++) to[out++] = image[row + columns[x]!]!;
        continue;
      }
      for (let x = 0; x < width; x++) {
        const pixel = row + columns[x]!;
        for (let channel = 0; channel < channels; channel++) to[out++] = image[pixel + channel]!;
      }
    }
  }

  /** About the centre; between four pixels the mean of them by nearness. */
  transform(image: Float32Array, to: Float32Array, at: number, how: Transformation): void {
    const [height, width, channels] = [this.#height, this.#width, this.#channels];
    const { dx, dy, mirrored, cut, angle } = how;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
    const [scaleX, scaleY] = [(width - cut) / width, (height - cut) / height];
    const side = mirrored ? -1 : 1;
    let out = at;
    // From one pixel of a row to the next.
    const [stepX, stepY] = [side * cos * scaleX, -side * sin * scaleY];
    for (let y = 0; y < height; y++) {
      const px = side * (-middleX - dx);
      const py = y - middleY - dy;
      const startX = (cos * px + sin * py) * scaleX + middleX;
      const startY = (cos * py - sin * px) * scaleY + middleY;
      for (let x = 0; x < width; x++) {
        const fromX = clamp(startX + x * stepX, width - 1);
        const fromY = clamp(startY + x * stepY, height - 1);
        // Neither is negative: cutting off rounds down.
        const left = fromX | 0;
        const top = fromY | 0;
        const partX = fromX - left;
        const partY = fromY - top;
        const upper = (top * width + left) * channels;
        const lower = top + 1 < height ? upper + width * channels : upper;
        const next = left + 1 < width ? channels : 0;
        for (let channel = 0; channel < channels; channel++) {
          const a = upper + channel;
          const b = lower + channel;
          const above = image[a]! + partX * (image[a + next]! - image[a]!);
          const below = image[b]! + partX * (image[b + next]! - image[b]!);
          to[out++] = above + partY * (below - above);
        }
      }
    }
  }

  paint(to: Float32Array, at: number, x: number, y: number, side: number, colour: readonly number[]): void {
    const [height, width, channels] = [this.#height, this.#width, this.#channels];
    const [left, top] = [x - (side >> 1), y - (side >> 1)];
    for (let row = Math.max(0, top); row < Math.min(height, top + side); row++) {
      for (let column = Math.max(0, left); column < Math.min(width, left + side); column++) {
        const pixel = at + (row * width + column) * channels;
        for (let channel = 0; channel < channels; channel++) to[pixel + channel] = colour[channel]!;
      }
    }
  }
}

function clamp(value: number, high: number): number {
  if (value < 0) return 0;
  return Math.min(value, high);
}
