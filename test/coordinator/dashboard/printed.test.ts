import { describe, expect, it } from 'vitest';
import { asRead } from '../../../coordinator/dashboard/ui/src/data/printed.js';

describe('what a program printed, on a page', () => {
  it('has neither colours nor cursors in it', () => {
    expect(asRead('\u001b[1;32mok\u001b[0m \u001b[2K\u001b[?25ldone')).toBe('ok done');
  });

  it('shows of a line that was written over what stands there at the end', () => {
    expect(asRead('epoch 1\n 10 %\r 50 %\r100 %\nepoch 2\n')).toBe('epoch 1\n100 %\nepoch 2\n');
  });

  it('takes the line ends of Windows for line ends', () => {
    expect(asRead('one\r\ntwo\r\n')).toBe('one\ntwo\n');
  });

  it('keeps tabs, and marks other controls', () => {
    expect(asRead('a\tb\u0007c\u001bd')).toBe('a\tb·c·d');
  });
});
