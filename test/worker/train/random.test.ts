import { describe, expect, it } from 'vitest';
import { Random } from '../../../worker/train/random.js';

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uint32());

describe('Random', () => {
  it('draws the same numbers for the same seed and stream', () => {
    expect(draw(new Random(7, 3), 100)).toEqual(draw(new Random(7, 3), 100));
  });

  it('draws these very numbers, on every machine and in every version', () => {
    expect(draw(new Random(1, 2), 4)).toMatchInlineSnapshot(`
      [
        3623065664,
        2867935631,
        1428046586,
        2147601723,
      ]
    `);
  });

  it('draws other numbers for another seed and for another stream', () => {
    const numbers = [new Random(7, 3), new Random(8, 3), new Random(7, 4), new Random(0), new Random(0xffff_ffff)];
    expect(new Set(numbers.map((random) => random.uint32())).size).toBe(numbers.length);
  });

  it('spreads evenly over [0, 1)', () => {
    const random = new Random(5);
    const bins = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) bins[Math.floor(random.next() * 10)]!++;
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('draws bell-shaped numbers of mean 0 and variance 1', () => {
    const random = new Random(5);
    const values = Array.from({ length: 100_000 }, () => random.bell());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  });

  it('puts items in another order and loses none', () => {
    const items = Uint32Array.from({ length: 1000 }, (_, index) => index);
    new Random(2).shuffle(items);
    expect(items.filter((item, index) => item === index).length).toBeLessThan(20);
    expect(items.toSorted()).toEqual(Uint32Array.from({ length: 1000 }, (_, index) => index));
  });
});
