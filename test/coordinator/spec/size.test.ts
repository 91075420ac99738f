import { describe, expect, it } from 'vitest';
import { parseSize } from '../../../coordinator/spec/size.js';
import { faultsOf, fileWith } from './faults-of.js';

describe('a size', () => {
  it.each([
    ['4GiB', 4 * 2 ** 30],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['512MiB', 2 ** 29],
    ['4GB', 4e9],
    ['10kB', 10_000],
    ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', '4', 'GiB', '4gib', '4 GiB', '-4GiB', '4GiB2', '1e3MB', '٤GiB'])('is not %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('limits', () => {
  it.each([
    ['memory: 4', 'f:5:18 limits.memory: must be a size like 4GiB, not the number 4; add a unit, like 4MiB or 4GiB'],
    ['memory: lots', 'f:5:18 limits.memory: must be a size like 4GiB, not the text "lots"'],
    ['memory: 1MiB', 'f:5:18 limits.memory: is too little, must be at least 65536KiB'],
    ['memory: 2000TiB', 'f:5:18 limits.memory: is more than any machine has'],
    ['output: 5B', 'f:5:18 limits.output: is too little, must be at least 1KiB'],
  ])('with %s are refused', (limit, fault) => {
    expect(faultsOf(fileWith({ limits: `limits: {${limit}}` }))).toEqual([fault]);
  });
});
