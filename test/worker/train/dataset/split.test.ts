import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitStratified } from '../../../../worker/train/dataset/split.js';

const labelsArbitrary = fc.uint8Array({ min: 0, max: 4, minLength: 4, maxLength: 300 });

function countClasses(labels: Uint8Array, indices: Uint32Array): number[] {
  const counts = Array.from({ length: 5 }, () => 0);
  for (const index of indices) counts[labels[index]!]!++;
  return counts;
}

describe('splitStratified', () => {
  it('puts no image on both sides, and none twice', () => {
    fc.assert(
      fc.property(labelsArbitrary, fc.nat(), fc.nat(), (labels, a, b) => {
        const validation = 1 + (a % (labels.length - 2));
        const train = 1 + (b % (labels.length - validation));
        const split = splitStratified('x', labels, { train, validation }, 3);
        expect(split.train).toHaveLength(train);
        expect(split.validation).toHaveLength(validation);
        expect(new Set([...split.train, ...split.validation]).size).toBe(train + validation);
      }),
    );
  });

  it('gives each side every class in proportion, to within a few images', () => {
    fc.assert(
      fc.property(labelsArbitrary, fc.nat(), (labels, a) => {
        const validation = 1 + (a % (labels.length - 2));
        const split = splitStratified('x', labels, { train: 'rest', validation }, 3);
        const all = countClasses(labels, Uint32Array.from(labels.keys()));
        for (const [label, count] of countClasses(labels, split.validation).entries()) {
          expect(Math.abs(count - (all[label]! * validation) / labels.length)).toBeLessThanOrEqual(2.5);
        }
      }),
    );
  });

  it('draws the same split for the same seed and another for another', () => {
    const labels = Uint8Array.from({ length: 200 }, (_, index) => index % 10);
    const sizes = { train: 'rest', validation: 50 } as const;
    expect(splitStratified('x', labels, sizes, 1)).toEqual(splitStratified('x', labels, sizes, 1));
    expect(splitStratified('x', labels, sizes, 1)).not.toEqual(splitStratified('x', labels, sizes, 2));
  });

  it('says how many images there are when more are wanted', () => {
    const labels = new Uint8Array(100);
    expect(() => splitStratified('faces', labels, { train: 90, validation: 11 }, 0)).toThrow(
      'data set faces has 100 images: 90 to train and 11 to validate on are more than that; ask for fewer',
    );
    expect(() => splitStratified('faces', labels, { train: 'rest', validation: 100 }, 0)).toThrow('the rest to train');
  });
});
