import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../coordinator/spec/duration.js';

describe('a duration', () => {
  it.each([
    ['2h', 7_200_000],
    ['15m', 900_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
  ])('reads %s as milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '90', 'h', '2 h', '-1h', '30m1h', '1h1h', '1e3s', '2H', '1h30', '.5h'])('does not read "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads back what it writes', () => {
    fc.assert(fc.property(fc.nat(10 ** 11), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});
