import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parts } from '../../../../worker/train/dataset/dataset.js';
import { splitStratified } from '../../../../worker/train/dataset/split.js';

const labelsArbitrary = fc.uint16Array({ min: 0, max: 4, minLength: 4, maxLength: 300 });

function countClasses(labels: Uint16Array, indices: Uint32Array): number[] {
  const counts = Array.from({ length: 5 }, () => 0);
  for (const index of indices) counts[labels[index]!]!++;
  return counts;
}

/** Parts of a source that has set nothing apart. */
const all = ({ length }: Uint16Array): Parts => ({ train: length, validation: 0, test: 0 });

describe('splitStratified', () => {
  it('puts no image on both sides, and none twice', () => {
    fc.assert(
      fc.property(labelsArbitrary, fc.nat(), fc.nat(), (labels, a, b) => {
        const validation = 1 + (a % (labels.length - 2));
        const train = 1 + (b % (labels.length - validation));
        const split = splitStratified('x', labels, all(labels), { train, validation, seed: 3 });
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
        const split = splitStratified('x', labels, all(labels), { validation, seed: 3 });
        const whole = countClasses(labels, Uint32Array.from(labels.keys()));
        for (const [label, count] of countClasses(labels, split.validation).entries()) {
          expect(Math.abs(count - (whole[label]! * validation) / labels.length)).toBeLessThanOrEqual(2.5);
        }
      }),
    );
  });

  it('draws the same split for the same seed and another for another', () => {
    const labels = Uint16Array.from({ length: 200 }, (_, index) => index % 10);
    const draw = (seed: number) => splitStratified('x', labels, all(labels), { validation: 50, seed });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('says how many images there are when more are wanted', () => {
    const labels = new Uint16Array(100);
    expect(() => splitStratified('faces', labels, all(labels), { train: 90, validation: 11 })).toThrow(
      'data set faces has 100 images: 90 to train and 11 to validate on are more than that; ask for fewer',
    );
    expect(() => splitStratified('faces', labels, all(labels), { validation: 100 })).toThrow('the rest to train');
  });
});
