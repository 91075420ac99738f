import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as limits from '../../coordinator/limits.js';

/** Rows of the tables in docs/limits.md: the value as it is written, by name. */
const rows = new Map(
  readFileSync('docs/limits.md', 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 5 && cells[3]?.startsWith('`') === true && cells[1] !== 'what')
    .map(([, , value, name]) => [name?.replaceAll('`', '') ?? '', value ?? '']),
);

it('are the table in docs/limits.md, no more and no fewer', () => {
  expect([...rows.keys()].sort()).toEqual(Object.keys(limits).sort());
});

it.each(Object.entries(limits).filter(([, value]) => typeof value === 'number'))(
  '%s is as large as the table says',
  (name, value) => {
    expect(rows.get(name)).toBe(value.toLocaleString('en'));
  },
);
