import { type Line, type Span, span, textWidth } from './text.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns with a rank give way when the table is too wide, the largest rank first; those without stay. */
  readonly giveWay?: number;
}

/** One cell: text, or text in a style. */
export type Cell = string | Span;

const GAP = '  ';

/**
 * A table as lines: a dim title row, then the rows, columns two spaces apart, nothing after the last cell.
 * Columns that may give way do so when they are empty, and, with `width`, until the rest fits; then the title row ends in
 * "…" to say so.
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[], width?: number): Line[] {
  const widths = columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, textWidth(textOf(row[index]))), textWidth(column.title)),
  );
  const filled = columns.map(
    ({ giveWay }, index) => giveWay === undefined || rows.some((row) => textOf(row[index]) !== ''),
  );
  const kept = keptColumns(columns, widths, filled, width);
  const indices = columns.flatMap((_, index) => (kept[index] === true ? [index] : []));
  const title = rowLine(
    indices,
    columns,
    widths,
    columns.map((column) => span(column.title, 'dim')),
  );
  const all = indices.length === filled.filter(Boolean).length;
  return [
    all ? title : [...title, span(`${GAP}…`, 'dim')],
    ...rows.map((row) => rowLine(indices, columns, widths, row)),
  ];
}

/** Which of the filled columns stay. The mark for missing ones takes three columns of its own. */
function keptColumns(
  columns: readonly Column[],
  widths: readonly number[],
  filled: readonly boolean[],
  width: number = Number.POSITIVE_INFINITY,
): boolean[] {
  const kept = [...filled];
  const all = filled.filter(Boolean).length;
  const taken = (): number => {
    const shown = widths.filter((_, index) => kept[index] === true);
    const mark = shown.length < all ? GAP.length + 1 : 0;
    return shown.reduce((sum, each) => sum + each, 0) + GAP.length * Math.max(0, shown.length - 1) + mark;
  };
  while (taken() > width) {
    const next = weakest(columns, kept);
    if (next === undefined) break;
    kept[next] = false;
  }
  return kept;
}

function weakest(columns: readonly Column[], kept: readonly boolean[]): number | undefined {
  let found: number | undefined;
  columns.forEach((column, index) => {
    if (kept[index] !== true || column.giveWay === undefined) return;
    if (found === undefined || column.giveWay >= (columns[found]?.giveWay ?? 0)) found = index;
  });
  return found;
}

function rowLine(
  indices: readonly number[],
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly Cell[],
): Line {
  const line: Span[] = [];
  indices.forEach((index, place) => {
    const cell = row[index];
    const text = textOf(cell);
    const last = place === indices.length - 1;
    const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textWidth(text)));
    const right = columns[index]?.align === 'right';
    const before = `${place > 0 ? GAP : ''}${right ? padding : ''}`;
    if (before !== '') line.push(span(before));
    line.push(typeof cell === 'object' ? cell : span(text));
    if (!right && !last && padding !== '') line.push(span(padding));
  });
  while (line.at(-1)?.text.trim() === '') line.pop();
  return line;
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}
