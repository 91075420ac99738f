import { describe, expect, it } from 'vitest';
import { type Column, tableLines } from '../../cli/table.js';
import { paint, span } from '../../cli/text.js';
import { csv } from '../../proto/csv.js';

const COLUMNS: readonly Column[] = [
  { title: 'trial', align: 'right' },
  { title: 'state', giveWay: 1 },
  { title: 'lr', align: 'right', giveWay: 2 },
  { title: 'depth', align: 'right', giveWay: 3 },
];
const ROWS = [
  ['7', span('complete', 'green'), '0.01235', '3'],
  ['12', 'pruned', '0.5', ''],
];

function text(width?: number): string[] {
  return tableLines(COLUMNS, ROWS, width).map((line) => paint(line, { columns: undefined, color: false }));
}

describe('a table', () => {
  it('aligns its columns two spaces apart', () => {
    expect(text()).toEqual([
      'trial  state          lr  depth',
      '    7  complete  0.01235      3',
      '   12  pruned        0.5',
    ]);
  });

  it('lets the last columns give way when it is too wide, and says so', () => {
    expect(text(31)).toEqual(text());
    expect(text(30)).toEqual(['trial  state          lr  …', '    7  complete  0.01235', '   12  pruned        0.5']);
    expect(text(20)).toEqual(['trial  state  …', '    7  complete', '   12  pruned']);
    expect(text(6)).toEqual(['trial  …', '    7', '   12']);
  });
});

it('leaves out a column that may give way when nobody has anything in it', () => {
  const lines = tableLines(COLUMNS, [['7', '', '0.1', '3']], 80);
  expect(lines.map((line) => paint(line, { columns: undefined, color: false }))).toEqual([
    'trial   lr  depth',
    '    7  0.1      3',
  ]);
});

describe('CSV', () => {
  it('quotes what RFC 4180 wants quoted, and ends lines with CRLF', () => {
    const text = csv([
      ['a', 'with, comma', 'with "quote"', 'two\nlines'],
      [1, 0.1, true, undefined],
    ]);
    expect(text).toBe('a,"with, comma","with ""quote""","two\nlines"\r\n1,0.1,true,\r\n');
  });
});
