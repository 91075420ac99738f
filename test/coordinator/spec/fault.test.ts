import { describe, expect, it } from 'vitest';
import { FaultList, formatFault, shorten } from '../../../coordinator/spec/fault.js';

describe('a fault list', () => {
  it('turns offsets into lines and columns, sorted', () => {
    const faults = new FaultList('dir/x.yaml', 'ab\ncd\n\ne');
    for (const offset of [7, 0, 6, 4, 8]) faults.add({ offset, path: '' }, `at ${offset}`);
    expect(faults.faults().map(formatFault)).toEqual([
      'dir/x.yaml:1:1: at 0',
      'dir/x.yaml:2:2: at 4',
      'dir/x.yaml:3:1: at 6',
      'dir/x.yaml:4:1: at 7',
      'dir/x.yaml:4:2: at 8',
    ]);
  });

  it('drops repetitions', () => {
    const faults = new FaultList('f', '');
    faults.add({ offset: 0, path: 'a' }, 'x');
    faults.add({ offset: 0, path: 'a' }, 'x');
    faults.add({ offset: 0, path: 'b' }, 'x');
    expect(faults.count).toBe(2);
  });

  it('keeps warnings apart', () => {
    const faults = new FaultList('f', '');
    faults.warn({ offset: 0, path: 'a' }, 'x');
    expect(faults.count).toBe(0);
    expect(faults.warnings().map(formatFault)).toEqual(['f:1:1 a: x']);
  });

  it('shows two hundred and counts the rest', () => {
    const faults = new FaultList('f', 'x'.repeat(300));
    for (let offset = 0; offset < 300; offset++) faults.add({ offset, path: 'p' }, 'x');
    expect(faults.faults()).toHaveLength(201);
    expect(formatFault(faults.faults().at(-1)!)).toBe('f:1:201: and 100 more faults from here on');
  });
});

describe('a shortened text', () => {
  it('is one line of the given length at most', () => {
    expect(shorten('a\nb\u2028c\u001bd', 20)).toBe('a b c d');
    expect(shorten('abcdefgh', 6)).toBe('abc...');
  });
});
