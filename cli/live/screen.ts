import { stripVTControlCharacters } from 'node:util';
import { textWidth } from '../text.js';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** At most eight pictures a second. */
const SHORTEST_PAUSE_MS = 125;
/** Clocks on the screen go on without news. */
const TICK_MS = 1000;

/** The part of a terminal's stream that a screen uses. */
export interface ScreenStream {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Draws lines in place, over and over, below whatever the terminal showed before. */
export interface Screen {
  /** Something has changed: draw soon. */
  refresh(): void;
  /** Draws the last picture, in at most `rows` rows, leaves it standing and gives the terminal back. */
  close(rows?: number): void;
}

/**
 * Opens a screen. The cursor is hidden while it is open and comes back however the process ends.
 *
 * @param draw the lines for a width and a height; each at most as wide as the first says
 */
export function openScreen(
  stream: ScreenStream,
  draw: (columns: number, rows: number | undefined) => readonly string[],
): Screen {
  const canvas = createCanvas(stream, draw);
  const showCursor = (): void => void stream.write(SHOW_CURSOR);
  let due: NodeJS.Timeout | undefined;
  let drawnAt = 0;
  const paintNow = (): void => {
    clearTimeout(due);
    due = undefined;
    drawnAt = Date.now();
    canvas.paint();
  };
  const refresh = (): void => {
    due ??= setTimeout(paintNow, Math.max(0, SHORTEST_PAUSE_MS - (Date.now() - drawnAt)));
  };
  const tick = setInterval(refresh, TICK_MS);
  const suspension = onSuspend(showCursor, () => {
    stream.write(HIDE_CURSOR);
    canvas.forget();
    paintNow();
  });
  stream.write(HIDE_CURSOR);
  stream.on('resize', paintNow);
  process.on('exit', showCursor);
  return {
    refresh,
    close: (rows) => {
      clearTimeout(due);
      clearInterval(tick);
      canvas.paintLast(rows);
      showCursor();
      stream.off('resize', paintNow);
      process.off('exit', showCursor);
      suspension.close();
    },
  };
}

/** Remembers what stands on the terminal, so that the next picture can be written over it. */
function createCanvas(
  stream: ScreenStream,
  draw: (columns: number, rows: number | undefined) => readonly string[],
): { paint(): void; paintLast(rows: number | undefined): void; forget(): void } {
  let shown: readonly string[] = [];
  const put = (rows: number | undefined): void => {
    const columns = stream.columns ?? 80;
    const lines = draw(columns, rows);
    const up = heightOf(shown, columns);
    // One write for the whole picture, each line cleared behind its text and never before it: nothing flickers.
    const body = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    stream.write(`${up > 0 ? `\u001b[${up}A` : ''}\r${body}${CLEAR_BELOW}`);
    shown = lines;
  };
  return {
    // The cursor stands below the picture: one row less than there is keeps its first line on the screen.
    paint: () => put(Math.max(1, (stream.rows ?? 24) - 1)),
    paintLast: put,
    forget: () => {
      shown = [];
    },
  };
}

/** Rows that lines take once the terminal has folded those that became too wide for it. */
function heightOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => {
    const width = textWidth(stripVTControlCharacters(line));
    return sum + Math.max(1, Math.ceil(width / Math.max(1, columns)));
  }, 0);
}

/** Ctrl-Z gives the cursor back before the process is stopped; on return the picture is drawn afresh. */
function onSuspend(suspend: () => void, wake: () => void): { close(): void } {
  const stop = (): void => {
    suspend();
    process.once('SIGCONT', wake);
    process.kill(process.pid, 'SIGSTOP');
  };
  process.on('SIGTSTP', stop);
  return {
    close: () => {
      process.off('SIGTSTP', stop);
      process.off('SIGCONT', wake);
    },
  };
}
