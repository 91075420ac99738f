// Styled text without escape sequences: lines are measured and cut as text, and painted last.

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** Text in one style. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** One line of the screen. */
export type Line = readonly Span[];

/** How a line is to be painted. `columns` is undefined where lines may be as long as they like (a pipe). */
export interface Paint {
  readonly columns: number | undefined;
  readonly color: boolean;
}

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** A span; the style is left out for plain text. */
export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** The line as a string of at most `columns` columns; what is cut off is marked with "…". */
export function paint(line: Line, { columns, color }: Paint): string {
  const fitted = columns === undefined ? line : cutLine(line, columns);
  return fitted.map((part) => (color ? colored(part) : part.text)).join('');
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, part) => sum + textWidth(part.text), 0);
}

/** The line, cut to `columns` with "…" at its end when something is missing. */
export function cutLine(line: Line, columns: number): Line {
  if (lineWidth(line) <= columns) return line;
  const kept: Span[] = [];
  let left = columns - 1;
  for (const part of line) {
    const width = textWidth(part.text);
    if (width <= left) {
      kept.push(part);
      left -= width;
      continue;
    }
    kept.push({ ...part, text: `${takeColumns(part.text, left)}…` });
    break;
  }
  return columns < 1 ? [] : kept;
}

/** The text, cut to `columns` with "…" at its end when something is missing. */
export function cutText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  return columns < 1 ? '' : `${takeColumns(text, columns - 1)}…`;
}

/** The words of a text on lines of at most `columns` columns; a longer word is broken. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (textWidth(joined) <= columns) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (textWidth(line) > columns) {
      const head = takeColumns(line, Math.max(1, columns)) || line;
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return line === '' ? lines : [...lines, line];
}

/**
 * Text from elsewhere, safe to show: control characters, among them the escape that starts a terminal's commands,
 * become spaces. Names and reasons come from workers, which their coordinator need not trust with a terminal.
 */
export function plainText(text: string): string {
  return text.replace(NOT_FOR_SHOW, ' ');
}

const NOT_FOR_SHOW = /[\p{Control}\p{Bidi_Control}\u2028\u2029]+/gu;

const ASCII = /^[\x20-\x7e]*$/;
const NO_WIDTH = /^(?:\p{Mark}|\p{Default_Ignorable_Code_Point})$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Columns that a text takes on a terminal: wide East Asian characters and emoji take two, combining marks none. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  if (NO_WIDTH.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

function takeColumns(text: string, columns: number): string {
  let taken = '';
  let width = 0;
  for (const char of text) {
    width += charWidth(char);
    if (width > columns) break;
    taken += char;
  }
  return taken;
}

function colored({ text, style }: Span): string {
  if (style === undefined || text === '') return text;
  const [on, off] = CODES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}
