import { describe, expect, it } from 'vitest';
import { Delayed, LONGEST_DELAY_MS } from '../../../coordinator/core/delayed.js';

describe('trials that wait until a time', () => {
  it('come in the order of their times, those of the past alone', () => {
    const delayed = new Delayed();
    delayed.add(1, 3000);
    delayed.add(2, 1000);
    delayed.add(3, 2000);
    expect(delayed.isDue(999)).toBe(false);
    expect([...delayed.due(2000)]).toEqual([2, 3]);
  });

  it('do not wait for the time that a clock has lost which was put back', () => {
    const delayed = new Delayed();
    const before = 3_600_000;
    delayed.add(1, before + LONGEST_DELAY_MS);
    expect(delayed.isDue(before)).toBe(false);
    expect(delayed.isDue(0)).toBe(true);
    delayed.add(2, 1000);
    expect([...delayed.due(0)]).toEqual([1]);
    expect([...delayed.due(1000)]).toEqual([2, 1]);
  });
});
