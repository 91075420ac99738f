import { describe, expect, it } from 'vitest';
import { LastWords } from '../../worker/last-words.js';

function inOneLine(...heard: readonly string[]): string {
  const words = new LastWords();
  for (const text of heard) words.hear(Buffer.from(text));
  return words.inOneLine();
}

describe('the last words of a process', () => {
  it('are empty when it wrote nothing', () => {
    expect(inOneLine()).toBe('');
  });

  it('are the last line that names an error', () => {
    expect(inOneLine('loading\nTypeError: x is not ', 'a function\n    at run (a.js:1:1)\n\nNode.js v20\n')).toBe(
      'TypeError: x is not a function',
    );
    expect(inOneLine('<--- Last few GCs --->\nFATAL ERROR: Reached heap limit\n 1: 0xb8 node::Abort()\n')).toBe(
      'FATAL ERROR: Reached heap limit',
    );
  });

  it('are the last three lines when none names an error', () => {
    expect(inOneLine('one\ntwo\n\nthree\nfour\n')).toBe('two | three | four');
  });

  it('fit into 400 characters, however much was written', () => {
    expect(inOneLine(...Array.from({ length: 100 }, () => 'x'.repeat(1_000)))).toMatch(/^x{399}…$/);
  });
});
