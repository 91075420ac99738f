import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MersenneTwister } from '../../../search/optuna/mersenne-twister.js';
import { readUnits } from './units.js';

describe.each([...readUnits('scalar').random_state])("numpy's RandomState($seed)", (vector) => {
  it('gives the same draws in the same order and stands where numpy stands', () => {
    const generator = new MersenneTwister(vector.seed);
    const draws = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);
    expect(draws(5, () => generator.random())).toEqual(vector.random);
    expect(draws(3, () => -3 + 10 * generator.random())).toEqual(vector['uniform(-3,7)']);
    const chosen = new Int32Array(8);
    generator.choose([0.1, 0.2, 0.05, 0.65], 4, chosen);
    expect([...chosen]).toEqual(vector['choice(4,p=[.1,.2,.05,.65],size=8)']);
    const list = Array.from({ length: 13 }, (_, i) => i);
    generator.shuffle(list);
    expect(list).toEqual(vector['shuffle(range(13))']);
    expect(draws(6, () => [3, 9, 27, 81, 5][generator.bounded(4)]!)).toEqual(vector['choice([3,9,27,81,5]) x6']);
    expect(draws(3, () => generator.random())).toEqual(vector['rand(3)']);
    expect(generator.fingerprint).toEqual([vector.end_pos, vector.end_key0]);
  });
});

describe('MersenneTwister', () => {
  it('goes forwards and backwards to any position', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(3000), fc.constantFrom(0, 624, 1248)), { minLength: 1, maxLength: 8 }),
        (positions) => {
          const generator = new MersenneTwister(5);
          for (const position of positions) {
            const walked = new MersenneTwister(5);
            for (let i = 0; i < position; i++) walked.uint32();
            generator.goTo(position);
            expect(generator.taken).toBe(position);
            // Between two blocks, the end of one and the beginning of the next are the same place.
            const expected = position % 624 === 0 ? generator.fingerprint : walked.fingerprint;
            expect(generator.fingerprint).toEqual(expected);
            expect(generator.uint32()).toBe(walked.uint32());
            generator.random();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses a seed that numpy would refuse', () => {
    expect(() => new MersenneTwister(2 ** 32)).toThrow('seed 4294967296 must be an integer >= 0 and < 2^32');
  });
});
