import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText, paint, plainText, span, textWidth, wrapText } from '../../cli/text.js';

describe('text', () => {
  it('counts wide characters as two columns and combining marks as none', () => {
    expect(['abc', 'é', 'e\u0301', '漢字', '▁▂', '🚀'].map(textWidth)).toEqual([3, 1, 1, 4, 2, 2]);
  });

  it('is cut with a mark, never in the middle of a wide character', () => {
    expect(cutText('abcdef', 6)).toBe('abcdef');
    expect(cutText('abcdef', 4)).toBe('abc…');
    expect(cutText('漢字漢字', 4)).toBe('漢…');
    expect(cutText('abc', 0)).toBe('');
  });

  it('is painted with its styles after it was cut', () => {
    const line = [span('best ', 'dim'), span('0.9734', 'green')];
    expect(paint(line, { columns: 8, color: true })).toBe('\u001b[2mbest \u001b[22m\u001b[32m0.…\u001b[39m');
    expect(paint(line, { columns: 8, color: false })).toBe('best 0.…');
    expect(paint(line, { columns: undefined, color: false })).toBe('best 0.9734');
  });

  it('from elsewhere loses what would move the cursor or turn the writing', () => {
    expect(plainText('a\u001b[31mb\r\nc\u202ed\u0085e')).toBe('a [31mb c d e');
    expect(plainText('Müller 漢字 🚀')).toBe('Müller 漢字 🚀');
  });

  it('is wrapped at spaces, and inside a word that is too long', () => {
    expect(wrapText('no worker can run this', 10)).toEqual(['no worker', 'can run', 'this']);
    expect(wrapText('abcdefghijkl xy', 5)).toEqual(['abcde', 'fghij', 'kl xy']);
    expect(wrapText('', 5)).toEqual([]);
  });

  it('is wrapped without losing a character and without exceeding its columns', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const lines = wrapText(text, columns);
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
