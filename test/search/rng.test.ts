import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox, Rng, trialSeed } from '../../search/rng.js';

describe('Rng', () => {
  // Known answers of philox4x32-10 from the Random123 distribution 1.14, file kat_vectors.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('computes Philox 4x32 as its authors do, for counter %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox(out, Uint32Array.from(counter), Uint32Array.from(key));
    expect([...out]).toEqual(expected);
  });

  it('starts every seed, stream and purpose at its own place', () => {
    const firsts = [
      new Rng(1, 1),
      new Rng(1, 2),
      new Rng(2, 1),
      new Rng(2 ** 40 + 1, 1),
      new Rng(1, 2 ** 33 + 1),
      new Rng(1, 1, 1),
    ].map((rng) => rng.next());
    expect(new Set(firsts).size).toBe(6);
    expect(new Rng(1, 1).next()).toBe(firsts[0]);
  });

  it('draws uniform numbers in [0, 1) and integers below a limit, evenly', () => {
    const rng = new Rng(7, 0);
    const counts = [0, 0, 0, 0, 0];
    let sum = 0;
    for (let i = 0; i < 20_000; i++) {
      const value = rng.next();
      expect(value >= 0 && value < 1).toBe(true);
      sum += value;
      counts[rng.below(5)]!++;
    }
    expect(Math.abs(sum / 20_000 - 0.5)).toBeLessThan(0.01);
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(250);
  });

  it('draws normal numbers of mean 0 and variance 1', () => {
    const rng = new Rng(7, 1);
    const values = Array.from({ length: 20_000 }, () => rng.normal());
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });

  it('gives each trial a seed of its own, always the same', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, number) => {
        const value = trialSeed(seed, number);
        expect(value).toBe(trialSeed(seed, number));
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
      }),
    );
    expect(new Set(Array.from({ length: 1000 }, (_, number) => trialSeed(1, number))).size).toBe(1000);
  });
});
