import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openScreen, type ScreenStream } from '../../../cli/live/screen.js';

class FakeTerminal extends EventEmitter implements ScreenStream {
  columns = 40;
  rows = 10;
  output = '';

  write(text: string): boolean {
    this.output += text;
    return true;
  }

  take(): string {
    const { output } = this;
    this.output = '';
    return output;
  }
}

describe('the screen', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes each picture over the one before, clearing behind its text', () => {
    const terminal = new FakeTerminal();
    let lines = ['one', 'two'];
    const screen = openScreen(terminal, () => lines);
    expect(terminal.take()).toBe('\u001b[?25l');
    screen.refresh();
    vi.advanceTimersByTime(125);
    expect(terminal.take()).toBe('\rone\u001b[K\ntwo\u001b[K\n\u001b[J');
    lines = ['three'];
    screen.refresh();
    vi.advanceTimersByTime(125);
    expect(terminal.take()).toBe('\u001b[2A\rthree\u001b[K\n\u001b[J');
    screen.close();
    expect(terminal.take()).toBe('\u001b[1A\rthree\u001b[K\n\u001b[J\u001b[?25h');
  });

  it('draws at most eight times a second however often it is told', () => {
    const terminal = new FakeTerminal();
    let drawn = 0;
    const screen = openScreen(terminal, () => [String(++drawn)]);
    for (let ms = 0; ms < 2000; ms += 5) {
      screen.refresh();
      vi.advanceTimersByTime(5);
    }
    expect(drawn).toBeGreaterThanOrEqual(14);
    expect(drawn).toBeLessThanOrEqual(17);
    screen.close();
  });

  it('goes on once a second without news, for its clocks', () => {
    const terminal = new FakeTerminal();
    let drawn = 0;
    const screen = openScreen(terminal, () => [String(++drawn)]);
    vi.advanceTimersByTime(5_500);
    expect(drawn).toBe(5);
    screen.close();
  });

  it('climbs over lines that a narrower terminal has folded', () => {
    const terminal = new FakeTerminal();
    const screen = openScreen(terminal, (columns) => ['x'.repeat(columns), 'y']);
    screen.refresh();
    vi.advanceTimersByTime(125);
    terminal.take();
    terminal.columns = 15;
    terminal.emit('resize');
    // 40 columns take three rows of 15, and the second line one.
    expect(terminal.take().startsWith(`\u001b[4A\r${'x'.repeat(15)}\u001b[K`)).toBe(true);
    screen.close();
  });

  it('leaves the terminal as it was: cursor shown, no listener left', () => {
    const terminal = new FakeTerminal();
    const before = process.listenerCount('exit');
    const screen = openScreen(terminal, () => ['last']);
    expect(process.listenerCount('exit')).toBe(before + 1);
    screen.close();
    expect(terminal.take().endsWith('\u001b[?25h')).toBe(true);
    expect(process.listenerCount('exit')).toBe(before);
    expect(terminal.listenerCount('resize')).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
