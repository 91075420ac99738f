import { describe, expect, it } from 'vitest';
import { forTerminal, OutputReader } from '../../cli/commands/logs.js';

const live = (text: string, totalBytes = text.length, attempt = 1) => ({
  attempt,
  live: true,
  totalBytes,
  data: Buffer.from(text),
});
const kept = (text: string, attempt = 1) => ({ ...live(text, text.length, attempt), live: false });

describe('following an output', () => {
  it('prints what is new, once', () => {
    const reader = new OutputReader();
    expect(
      [live('one '), live('one two '), live('one two '), kept('one two three')].map((next) => reader.next(next)),
    ).toEqual(['one ', 'two ', '', 'three']);
    expect(reader.empty).toBe(false);
  });

  it('says what it has missed', () => {
    const reader = new OutputReader();
    reader.next(live('start', 5));
    expect(reader.next(live('the end', 100))).toBe('--- 88 bytes before this are not kept ---\nthe end');
  });

  it('prints an output as it begins, and the next attempt under its number', () => {
    const reader = new OutputReader();
    expect(reader.next({ ...live(''), attempt: 0 })).toBe('');
    expect(reader.empty).toBe(true);
    reader.next(live('first'));
    expect(reader.next(live('second', 6, 2))).toBe('--- attempt 2 ---\nsecond');
  });

  it('does not print again what was kept of an output longer than what is kept', () => {
    const reader = new OutputReader();
    reader.next(live('tail', 1000));
    expect(reader.next(kept('tail'))).toBe('');
  });
});

describe('an output on a terminal', () => {
  it('keeps colours and loses what would steer it', () => {
    const text = 'plain \u001b[31mred\u001b[0m \u001b[2J\u001b]0;title\u0007 tab\t\r\n';
    expect(forTerminal(text, true)).toBe('plain \u001b[31mred\u001b[0m ·[2J·]0;title· tab\t\r\n');
    expect(forTerminal(text, false)).toBe(text);
  });
});
