import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Augmentation, createAugment } from '../../../../worker/train/dataset/augmentation.js';
import { Random } from '../../../../worker/train/random.js';

const NOTHING: Augmentation = { shift: 0, flip: 0, crop: 0, cutout: 0, rotate: 0 };
const PAINT = [-100, -200, -300];

/** Many images changed with this and nothing else, each starting from `image`. */
function changed(
  wanted: Partial<Augmentation>,
  image: readonly (readonly number[])[],
  { times = 200, channels = 1 } = {},
): number[][] {
  const [height, width] = [image.length, image[0]!.length / channels];
  const augment = createAugment('x', { height, width, channels }, { ...NOTHING, ...wanted }, PAINT)!;
  const flat = Float32Array.from(image.flat());
  const random = new Random(5);
  return Array.from({ length: times }, () => {
    const to = new Float32Array(2 * flat.length).fill(Number.NaN);
    augment(flat, to, flat.length, random);
    expect(to.subarray(0, flat.length).every(Number.isNaN)).toBe(true);
    return [...to.subarray(flat.length)];
  });
}

const unique = (images: readonly number[][]): Set<string> => new Set(images.map((image) => image.join(' ')));
const IMAGE = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];

describe('shift', () => {
  it('moves by every number of pixels up to the most, both ways, and repeats the edge', () => {
    const images = unique(changed({ shift: 1 }, IMAGE));
    expect(images.size).toBe(9);
    expect(images).toContain('1 2 3 4 5 6 7 8 9');
    expect(images).toContain('1 1 2 1 1 2 4 4 5'); // right and down
    expect(images).toContain('5 6 6 8 9 9 8 9 9'); // left and up
  });
});

describe('flip', () => {
  it('mirrors left to right, always, never or as often as is said', () => {
    expect(unique(changed({ flip: 1 }, IMAGE))).toEqual(new Set(['3 2 1 6 5 4 9 8 7']));
    const mirrored = changed({ flip: 0.25 }, IMAGE, { times: 4000 }).filter(([first]) => first === 3).length;
    expect(mirrored / 4000).toBeGreaterThan(0.22);
    expect(mirrored / 4000).toBeLessThan(0.28);
  });

  it('keeps the channels of a pixel together', () => {
    expect(changed({ flip: 1 }, [[1, 2, 3, 4, 5, 6]], { times: 1, channels: 3 })).toEqual([[4, 5, 6, 1, 2, 3]]);
  });
});

describe('crop', () => {
  it('enlarges a window inside the image: a slope becomes a gentler slope', () => {
    const slope = Array.from({ length: 8 }, () => Array.from({ length: 8 }, (_, x) => x));
    for (const image of changed({ crop: 4 }, slope)) {
      const row = image.slice(0, 8);
      const rises = row.slice(1).map((value, x) => value - row[x]!);
      // A window of 4 to 8 pixels over 8: each step is as wide as its share, and all are equal.
      for (const rise of rises) expect(rise).toBeCloseTo(rises[0]!, 4);
      expect([8, 7, 6, 5, 4].some((side) => Math.abs(rises[0]! - side / 8) < 1e-4)).toBe(true);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...row)).toBeLessThanOrEqual(7);
    }
  });
});

describe('cutout', () => {
  it('paints a square over, cut off at the edges, in the colour of each channel', () => {
    const image = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => 1));
    const painted = changed({ cutout: 2 }, image).map((pixels) => pixels.filter((pixel) => pixel === -100).length);
    expect(new Set(painted)).toEqual(new Set([1, 2, 4]));
    const colours = changed({ cutout: 4 }, [[1, 2, 3, 4, 5, 6]], { times: 1, channels: 3 });
    expect(colours).toEqual([[-100, -200, -300, -100, -200, -300]]);
  });
});

describe('rotate', () => {
  it('turns about the centre: half a turn is a mirror both ways, and no turn changes a round image', () => {
    const quarter = createAugment('x', { height: 3, width: 3, channels: 1 }, { ...NOTHING, rotate: 180 }, PAINT)!;
    // The largest number a generator gives is as good as 180 degrees.
    const most = { next: () => 1, between: (_: number, high: number) => high, below: (n: number) => n - 1 };
    const to = new Float32Array(9);
    quarter(Float32Array.from(IMAGE.flat()), to, 0, most as unknown as Random);
    for (const [i, value] of to.entries()) expect(value).toBeCloseTo(9 - i, 4);
    const round = [
      [5, 5, 5],
      [5, 5, 5],
      [5, 5, 5],
    ];
    for (const image of changed({ rotate: 90 }, round)) for (const value of image) expect(value).toBeCloseTo(5, 5);
  });
});

describe('any augmentation', () => {
  const wanted = fc.record({
    shift: fc.nat(3),
    flip: fc.double({ min: 0, max: 1, noNaN: true }),
    crop: fc.nat(3),
    cutout: fc.nat(8),
    rotate: fc.double({ min: 0, max: 180, noNaN: true }),
  });

  it('writes every number of the image, none beside it, and none that is not between those that were there', () => {
    fc.assert(
      fc.property(
        wanted,
        fc.integer({ min: 4, max: 7 }),
        fc.constantFrom(1, 3),
        fc.nat(),
        (amounts, side, channels, seed) => {
          const size = side * (side + 1) * channels;
          const augment = createAugment('x', { height: side, width: side + 1, channels }, amounts, [0.5, 0.5, 0.5]);
          if (augment === undefined) return;
          const random = new Random(seed);
          const image = Float32Array.from({ length: size }, () => random.next());
          const to = new Float32Array(size + 2).fill(-9);
          augment(image, to, 1, random);
          expect([to[0], to[size + 1]]).toEqual([-9, -9]);
          for (const value of to.subarray(1, size + 1)) {
            expect(value).toBeGreaterThanOrEqual(-1e-6);
            expect(value).toBeLessThanOrEqual(1 + 1e-6);
          }
        },
      ),
    );
  });
});

describe('createAugment', () => {
  it('is nothing where nothing is wanted', () => {
    expect(createAugment('x', { height: 1, width: 1, channels: 4 }, NOTHING, PAINT)).toBeUndefined();
    expect(createAugment('x', { height: 1, width: 1, channels: 4 }, undefined, PAINT)).toBeUndefined();
  });

  it.each<[Partial<Augmentation>, number, string]>([
    [{ shift: 8 }, 8, 'train.augment.shift is 8 pixels, the images of data set x have 8 x 8; it must be at most 7'],
    [{ crop: 8 }, 8, 'train.augment.crop is 8 pixels, the images of data set x have 8 x 8; it must be at most 7'],
    [
      { cutout: 17 },
      8,
      'train.augment.cutout is 17 pixels, the images of data set x have 8 x 8; it must be at most 16',
    ],
    [{ flip: 0.5 }, 1, 'train.augment changes images; data set x has rows of numbers: leave it out'],
  ])('refuses %o for images of side %i', (wanted, side, fault) => {
    const shape = { height: side, width: side, channels: 1 };
    expect(() => createAugment('x', shape, { ...NOTHING, ...wanted }, PAINT)).toThrow(fault);
  });
});
