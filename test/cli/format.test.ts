import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatClock, formatDuration, formatMetric, formatNumber, formatTime, sparkline } from '../../cli/format.js';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [3, '3'],
    [512, '512'],
    [60_000, '60000'],
    [0.0012, '0.0012'],
    [0.00123456, '0.001235'],
    [0.1, '0.1'],
    [0.30000000000000004, '0.3'],
    [12.3456, '12.35'],
    [12_345.6, '12346'],
    [0.0000123, '1.23e-5'],
    [1e-7, '1e-7'],
    [1e12, '1e12'],
    [-0.5, '-0.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('%d reads %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('are never off by more than the fourth digit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
        expect(Math.abs(Number(formatNumber(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 0.000501);
      }),
    );
  });

  it.each([
    [0.9734, '0.9734'],
    [0.97, '0.9700'],
    [0.97345678, '0.9735'],
    [1, '1'],
    [1.23456, '1.235'],
    [0.00001, '1e-5'],
    [Number.NaN, 'NaN'],
  ])('as metric, %d reads %s', (value, text) => {
    expect(formatMetric(value)).toBe(text);
  });
});

describe('durations', () => {
  it.each([
    [0, '0s'],
    [-5, '0s'],
    [850, '850ms'],
    [999.7, '1.0s'],
    [8_200, '8.2s'],
    [9_960, '10s'],
    [42_400, '42s'],
    [59_600, '1m 00s'],
    [83_000, '1m 23s'],
    [3_599_600, '1h 00m'],
    [7_500_000, '2h 05m'],
    [273_600_000, '3d 04h'],
  ])('%d ms read %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('count up in whole seconds', () => {
    expect([0, 999, 1000, 83_999, -50].map(formatClock)).toEqual(['0s', '0s', '1s', '1m 23s', '0s']);
  });

  it('are moments when they are since the epoch, and nothing when they are 0', () => {
    expect(formatTime(0)).toBe('');
    expect(formatTime(new Date(2026, 10, 4, 3, 5, 7).getTime())).toBe('2026-11-04 03:05:07');
  });
});

describe('a sparkline', () => {
  it('rises from the lowest bar to the highest', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
  });

  it('keeps the newest value at its right end when it is cut short', () => {
    expect(sparkline([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 3)).toBe('▁▁█');
  });

  it('marks what is no number, and does not stretch for it', () => {
    expect(sparkline([0, Number.NaN, 1, Number.POSITIVE_INFINITY], 10)).toBe('▁×█×');
  });

  it('of equal values is a line in the middle, of none is empty', () => {
    expect(sparkline([2, 2, 2], 10)).toBe('▅▅▅');
    expect(sparkline([], 10)).toBe('');
    expect(sparkline([Number.NaN], 10)).toBe('×');
  });

  it('keeps within a scale that is given', () => {
    expect(sparkline([-5, 0.5, 9], 10, { low: 0, high: 1 })).toBe('▁▅█');
  });
});
