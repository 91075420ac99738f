import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../../worker/train/dataset/catalog.js';
import { generateDigits } from '../../../../worker/train/dataset/digits/digits.js';
import { preparation } from './preparation.js';

describe('generateDigits', () => {
  it('makes these very pictures, on every machine: change them and old studies no longer compare', () => {
    const { images } = generateDigits(500, 0);
    expect(createHash('sha256').update(images).digest('hex')).toMatchInlineSnapshot(
      `"cbcf70b226a1aaaf3aa6bc9b55cef5cc9e44523029c5a412125805476077637c"`,
    );
  });

  it('makes other pictures from another seed', () => {
    expect(generateDigits(10, 1).images).not.toEqual(generateDigits(10, 2).images);
  });

  it('begins a larger set with the smaller one', () => {
    const small = generateDigits(30, 7);
    expect(generateDigits(90, 7).images.subarray(0, small.images.length)).toEqual(small.images);
  });

  it('makes as many of each digit', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const label of generateDigits(200, 0).labels) counts[label]!++;
    expect(counts).toEqual(Array.from({ length: 10 }, () => 20));
  });

  it('makes pictures that have a bright stroke on a dark ground', () => {
    const { images, height, width } = generateDigits(100, 3);
    for (let image = 0; image < 100; image++) {
      const bytes = images.subarray(image * height * width, (image + 1) * height * width);
      const bright = bytes.filter((byte) => byte > 120).length;
      expect(bright).toBeGreaterThan(8);
      expect(bright).toBeLessThan((height * width) / 2);
    }
  });
});

describe('the data set digits', () => {
  it('has the sizes that are asked for', async () => {
    const data = await openDataset({ name: 'digits', train: 100, validation: 40 }, preparation({ offline: true }));
    expect([data.train.length, data.validation.length]).toEqual([100, 40]);
    expect(data.classes).toBe(10);
  });
});
