import { describe, expect, it } from 'vitest';
import { HARMLESS, MUTANTS } from './mutants.js';
import { type SimResult, simulate } from './world.js';

/** Seeds that every run of the tests simulates. More: `npm run sim -- --seeds 10000`. */
const SEEDS = 300;

/** Seeds in which something does no harm. */
const HARMLESS_SEEDS = 60;

/** How many seeds it may take to find a mutant. */
const MUTANT_SEEDS = 200;

/** What a failure shows: the seed, what broke, and how to see it happen. */
function told({ seed, violation }: SimResult): string {
  return `seed ${seed}: "${violation?.invariant}" broken: ${violation?.what}; npm run sim -- --from ${seed} --seeds 1 --trace`;
}

describe('a simulated fleet under faults', () => {
  it(`breaks no invariant in ${SEEDS} worlds`, { timeout: 300_000 }, async () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const result = await simulate(seed);
      if (result.violation !== undefined) broken.push(told(result));
    }
    expect(broken).toEqual([]);
  });

  it('is the same world for the same seed', { timeout: 60_000 }, async () => {
    for (const seed of [3, 17, 90]) {
      const [a, b] = [await simulate(seed), await simulate(seed)];
      expect(a.fingerprint).toBe(b.fingerprint);
      expect(a.events).toBeGreaterThan(10);
    }
    expect((await simulate(3)).fingerprint).not.toBe((await simulate(4)).fingerprint);
  });
});

describe('what nothing may depend on does no harm when it is broken', () => {
  it.each(Object.keys(HARMLESS))('%s', { timeout: 300_000 }, async (mutant) => {
    const broken: string[] = [];
    for (let seed = 1; seed <= HARMLESS_SEEDS; seed += 1) {
      const result = await simulate(seed, { mutant });
      if (result.violation !== undefined) broken.push(told(result));
    }
    expect(broken).toEqual([]);
  });
});

describe('every planted bug is found', () => {
  it.each(Object.keys(MUTANTS))('%s', { timeout: 120_000 }, async (mutant) => {
    for (let seed = 1; seed <= MUTANT_SEEDS; seed += 1) {
      if ((await simulate(seed, { mutant })).violation !== undefined) return;
    }
    expect.fail(`${mutant} was not found in ${MUTANT_SEEDS} seeds`);
  });
});
