import { describe, expect, it } from 'vitest';
import { inWords } from '../../cli/commands/confirm.js';
import { confirmOrder, summarize } from '../../cli/confirmation.js';

// SciPy 1.17.1: a = [.91, .93, .92, .95, .94], b = [.90, .93, .90, .92, .93]; ttest_rel(a, b).confidence_interval(0.95)
const A = { trial: 7, values: [0.91, 0.93, 0.92, 0.95, 0.94] };
const B = { trial: 3, values: [0.9, 0.93, 0.9, 0.92, 0.93] };

describe('confirming an order', () => {
  it('gives mean and deviation of a sample', () => {
    const { count, mean, deviation } = summarize(A.values);
    expect(count).toBe(5);
    expect(mean).toBeCloseTo(0.93, 12);
    expect(deviation).toBeCloseTo(0.015811388300841896, 12);
  });

  it("gives the interval of Student's paired t", () => {
    const [comparison] = confirmOrder([A, B], true).comparisons;
    expect(comparison).toMatchObject({ trial: 3, pairs: 5 });
    expect(comparison!.lead).toBeCloseTo(0.014, 12);
    expect(comparison!.margin).toBeCloseTo(0.0141571, 5);
  });

  it('holds beyond chance, on the average only, or not at all', () => {
    const clear = { trial: 1, values: [0.8, 0.82, 0.81, 0.84, 0.83] };
    expect(confirmOrder([A, clear], true).verdict).toBe('holds');
    expect(confirmOrder([A, B], true).verdict).toBe('unsettled');
    expect(confirmOrder([B, A], true).verdict).toBe('fails');
    expect(confirmOrder([A, clear, B], true).verdict).toBe('unsettled');
  });

  it('turns round where less is better', () => {
    expect(confirmOrder([A, B], false).verdict).toBe('fails');
    expect(confirmOrder([B, A], false).comparisons[0]!.lead).toBeCloseTo(0.014, 12);
  });

  it('compares only seeds that both have a value for, and says when there are none', () => {
    const holes = { trial: 5, values: [undefined, 0.9, Number.NaN, 0.91, undefined] };
    expect(confirmOrder([A, holes], true).comparisons[0]).toMatchObject({ pairs: 2 });
    const none = { trial: 5, values: [undefined, undefined] };
    expect(confirmOrder([A, none], true).verdict).toBe('unknown');
    expect(confirmOrder([A], true).verdict).toBe('unknown');
  });

  it('is said in words', () => {
    expect(inWords(confirmOrder([A, B], true))).toEqual([
      'trial 7 is ahead of trial 3 by 0.0140 ± 0.0142 (95 %, 5 seeds in pairs)',
      'the order is not settled: trial 7 is ahead, but chance could do that; try more --seeds',
    ]);
  });
});
