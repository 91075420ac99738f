import { describe, expect, it } from 'vitest';
import { LARGEST_FILE } from '../../../coordinator/limits.js';
import { FaultList, formatFault } from '../../../coordinator/spec/fault.js';
import { readYaml } from '../../../coordinator/spec/read-yaml.js';

function faultsOf(text: string): string[] {
  const faults = new FaultList('f', text);
  readYaml(text, faults);
  return faults.faults().map(formatFault);
}

const EMPTY = 'f:1:1: the file is empty; "assay init" writes an example to begin with';

describe('YAML', () => {
  it.each([
    ['', EMPTY],
    ['# only a comment\n', EMPTY],
    ['---\n...\n', EMPTY],
    ['~', EMPTY],
    ['- a\n', 'f:1:1: a search file is a mapping that begins like "name: digits", not a list'],
    ['text', 'f:1:1: a search file is a mapping that begins like "name: digits", not a single value'],
    ['a: 1\n---\nb: 2\n', 'f:2:1: a second document begins here; write one search per file'],
    ['a: 1\nb: 2\na: 3\n', 'f:3:1 a: the key "a" is written twice; keep one of them'],
    ['a: {b: 1, "b": 2}\n', 'f:1:11 a.b: the key "b" is written twice; keep one of them'],
    ['? [a]\n: 1\n', 'f:1:3: a key must be plain text, not a list, a mapping or an alias'],
    ['"": 1\n', 'f:1:1: a key is empty; give it a name'],
    ['a: *b\n', 'f:1:4 a: *b names no value that ends before it; mark one with &b'],
    ['a: &a [1, *a]\n', 'f:1:11 a[1]: *a names no value that ends before it; mark one with &a'],
    ['a: !thing 1\n', 'f:1:4: unresolved tag: !thing'],
    ['a:\n\tb: 1\n', 'f:2:1: tabs cannot indent YAML; use spaces'],
    ['%YAML 1.1\n---\na: 1\n', 'f:1:1: the file asks for YAML 1.1, search files are YAML 1.2'],
    [
      'a: b: c\n',
      'f:1:4: a second ":" on the line; put the inner mapping in {braces} or on its own line, or quote the text',
    ],
  ])('is refused as %j', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('with several errors of syntax has all of them reported', () => {
    const faults = faultsOf('a: b: c\nd: e: f\n');
    expect(faults.map((fault) => fault.split(': ')[0])).toEqual(['f:1:4', 'f:2:4']);
  });

  it('is read as version 1.2: yes is a text, 010 is ten', () => {
    const root = readYaml('a: [yes, 010, 0x10, 1e-4]', new FaultList('f', ''));
    const list = root?.entries[0]?.node;
    expect(list?.kind === 'list' && list.items.map((item) => item.kind === 'scalar' && item.value)).toEqual([
      'yes',
      10,
      16,
      1e-4,
    ]);
  });

  it('lets an anchor be given again without changing what an earlier alias meant', () => {
    const root = readYaml('a: &x 1\nb: &y [*x]\nc: &x 2\nd: *y\n', new FaultList('f', ''));
    const d = root?.entries[3]?.node;
    expect(d).toMatchObject({ kind: 'list', items: [{ value: 1 }] });
  });

  it('counts lines that end with carriage returns', () => {
    expect(faultsOf('a: 1\r\na: 2\r\n')).toEqual(['f:2:1 a: the key "a" is written twice; keep one of them']);
  });
});

describe('a hostile file', () => {
  const TOO_DEEP = 'nested deeper than 64 levels; a search file needs few';
  const lines = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');

  it.each([
    ['open brackets', '['.repeat(500_000), TOO_DEEP],
    ['closed brackets', '['.repeat(250_000) + ']'.repeat(250_000), TOO_DEEP],
    ['open braces', '{a: '.repeat(125_000), TOO_DEEP],
    ['dashes', '- '.repeat(250_000), TOO_DEEP],
    ['question marks', '? '.repeat(250_000), TOO_DEEP],
    ['indentation', lines(1000, (i) => `${' '.repeat(i)}a:`), TOO_DEEP],
    [
      'aliases of aliases',
      `a0: &a0 [x, x]\n${lines(30, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)}`,
      'more than 40000 values',
    ],
    ['keys', lines(40_000, (i) => `k${i}: 1`), 'more than 80000 words and signs'],
    ['errors', '}\n'.repeat(20_000), 'unexpected flow-map-end'],
    [
      'characters',
      ' '.repeat(LARGEST_FILE + 1),
      `the file has ${LARGEST_FILE + 1} characters, at most ${LARGEST_FILE} are read`,
    ],
  ])('of %s is refused in little time', (_, text, fault) => {
    const faults = faultsOf(text);
    expect(faults[0]).toContain(fault);
    expect(faults.length).toBeLessThanOrEqual(201);
  });
});
