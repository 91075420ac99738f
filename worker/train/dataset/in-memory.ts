import { createHash } from 'node:crypto';
import type { Parts, SampleShape, Samples } from './dataset.js';
import { pixelsInMemory } from './pixels.js';

/** Images of bytes, all in memory. */
export interface LabelledImages extends SampleShape {
  readonly classNames: readonly string[];
  /** One image after another: row by row, channels last. */
  readonly images: Uint8Array;
  /** One per image. */
  readonly labels: Uint16Array;
}

export function samplesInMemory({ images, labels, ...rest }: LabelledImages, parts: Parts): Samples {
  return {
    ...rest,
    labels,
    type: 'u8',
    pixels: pixelsInMemory(images, rest.height * rest.width * rest.channels),
    parts,
    content: createHash('sha256').update(images).digest('hex'),
  };
}
