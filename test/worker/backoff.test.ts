import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../worker/backoff.js';

describe('the pause between two tries', () => {
  it('doubles from at most 100 ms on, up to at most 5 s', () => {
    expect([1, 2, 3, 6, 7, 60].map((failures) => backoffMs(failures, 1))).toEqual([100, 200, 400, 3200, 5000, 5000]);
  });

  it('is drawn from all of [0, longest]', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          expect(backoffMs(failures, random)).toBe(Math.round(random * backoffMs(failures, 1)));
        },
      ),
    );
  });
});
