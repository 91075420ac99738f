import type { Line, Paint } from './text.js';
import { paint } from './text.js';

/** Where output goes, as far as it matters for what is written. */
export interface Terminal {
  /** True where a view may be redrawn in place. */
  readonly live: boolean;
  readonly color: boolean;
  /** Undefined where nobody's screen ends: a pipe or a file. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A terminal draws in place, in color, unless NO_COLOR is set or TERM is "dumb"; a pipe gets plain lines. */
export function describeTerminal(
  stream: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = process.stdout,
  environment: Environment = process.env,
): Terminal {
  if (stream.isTTY !== true) return { live: false, color: false, columns: undefined, rows: undefined };
  const plain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  // Some terminals (a serial line, a bare pty) say zero.
  return { live: !plain, color: !plain, columns: stream.columns || 80, rows: stream.rows || 24 };
}

/** Writes lines to standard output, cut to the terminal where there is one. */
export function printLines(lines: readonly Line[], terminal: Paint = describeTerminal()): void {
  process.stdout.write(lines.map((line) => `${paint(line, terminal)}\n`).join(''));
}
