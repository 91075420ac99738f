import { describe, expect, it } from 'vitest';
import { remarkLines } from '../../cli/remarks.js';

const textOf = (remarks: Parameters<typeof remarkLines>[0], columns: number | undefined): string[] =>
  remarkLines(remarks, columns).map((line) => line.map(({ text }) => text).join(''));

describe('remarks below a table', () => {
  it('are there for rows that have one, behind an empty line', () => {
    expect(textOf([{ name: 'a', text: '' }], 60)).toEqual([]);
    expect(
      textOf(
        [
          { name: 'a', text: '' },
          { name: 'b', text: 'is away' },
          { name: 'c', text: 'too' },
        ],
        60,
      ),
    ).toEqual(['', '! b: is away', '! c: too']);
  });

  it('are whole on the narrowest screen, and one line in a pipe', () => {
    const long = [
      { name: 'bad-driver', text: 'quarantined until noon: its last 3 attempts failed where others go on' },
    ];
    const lines = textOf(long, 30);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30);
    expect(
      lines
        .slice(1)
        .map((line) => line.slice(2))
        .join(' '),
    ).toBe(`bad-driver: ${long[0]!.text}`);
    expect(textOf(long, undefined)).toHaveLength(2);
  });

  it('let nothing steer the terminal', () => {
    expect(textOf([{ name: 'b', text: 'a\u001b[2Jb' }], 60).join('')).not.toContain('\u001b');
  });
});
