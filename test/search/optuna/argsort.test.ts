import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argsort } from '../../../search/optuna/argsort.js';
import { readUnits } from './units.js';

describe.each(['scalar', 'simd'] as const)('argsort %s', (kind) => {
  it("orders equal values as numpy's does", () => {
    for (const { values, order } of readUnits(kind).argsort) {
      expect([...argsort(kind, Float64Array.from(values), values.length)]).toEqual(order);
    }
  });

  it('orders any values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 600 }), (values) => {
        const order = argsort(kind, Float64Array.from(values), values.length);
        expect([...order].sort((a, b) => a - b)).toEqual(values.map((_, i) => i));
        expect(Array.from(order, (i) => values[i]!)).toEqual(values.toSorted((a, b) => a - b));
      }),
    );
  });

  it('orders what drives quicksort into its depth', () => {
    const n = 4096;
    // Values that put the median of three next to the end each time, after Musser's construction.
    const values = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? i : n + i));
    const order = argsort(kind, values, n);
    expect(Array.from(order, (i) => values[i]!)).toEqual([...values].sort((a, b) => a - b));
  });
});
