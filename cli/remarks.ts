import { type Line, plainText, span, wrapText } from './text.js';

/** What is to be said of a row of a table beside its cells. */
export interface Remark {
  /** Of the row. */
  readonly name: string;
  readonly text: string;
}

/** Remarks as lines below their table, where the longest of them has room on the narrowest screen. */
export function remarkLines(remarks: readonly Remark[], columns: number | undefined): Line[] {
  const said = remarks.filter(({ text }) => text !== '');
  return said.flatMap(({ name, text }, index) => {
    const words = `${name}: ${plainText(text)}`;
    const lines = columns === undefined ? [words] : wrapText(words, Math.max(10, columns - 2));
    return [...(index === 0 ? [[]] : []), ...lines.map((line): Line => [span(`! ${line}`, 'yellow')])];
  });
}
