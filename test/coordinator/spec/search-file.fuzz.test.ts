import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFault, type ParsedSearch, parseSearchFile } from '../../../coordinator/spec/index.js';

/** Pieces of search files and of YAML, so that texts get past the first line of checks. */
const PIECES = fc.constantFrom(
  ...[
    'name: x\n',
    'space:\n',
    'train:\n',
    'null:\n',
    'budget: {trials: 3}\n',
    '  lr: {log: [1e-3, 1]}\n',
    '  a: [x, y]\n',
  ],
  ...[
    '  b: {int: [1, 4], when: {a: x}}\n',
    'relations: ["b > 1"]\n',
    'enqueue: [{lr: 0.1}]\n',
    'sampler: ',
    'pruner: ',
  ],
  ...[
    'grid',
    'asha',
    '{',
    '}',
    '[',
    ']',
    ',',
    ': ',
    '- ',
    '? ',
    '\n',
    '  ',
    '&a ',
    '*a',
    '!!str ',
    '"',
    "'",
    '|\n',
    '$lr',
    '$',
  ],
  ...[
    'null',
    '~',
    '.nan',
    '.inf',
    '-1',
    '1e999',
    '0',
    '2h',
    'yes',
    '---\n',
    '...\n',
    '#',
    '\t',
    '%',
    '<<: ',
    '__proto__: ',
  ],
);

const EXAMPLES = readdirSync('examples')
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(`examples/${name}`, 'utf8'));

/** An example with some stretches replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...EXAMPLES),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), PIECES), { minLength: 1, maxLength: 6 }),
  )
  .map(([example, edits]) =>
    edits.reduce((text, [place, length, piece]) => {
      const at = Math.floor(place * text.length);
      return text.slice(0, at) + piece + text.slice(at + length);
    }, example),
  );

/** Whatever the text: either a spec, or faults inside the file and in order. */
function expectSense(text: string, result: ParsedSearch): void {
  const found = result.ok ? result.warnings : result.faults;
  expect(result.ok || found.length > 0).toBe(true);
  const lines = text.split('\n');
  expect(found.map(({ line }) => line)).toEqual(found.map(({ line }) => line).sort((a, b) => a - b));
  for (const fault of found) {
    expect(fault.line).toBeLessThanOrEqual(lines.length);
    expect(fault.column).toBeLessThanOrEqual(lines[fault.line - 1]!.length + 1);
    expect(formatFault(fault)).not.toMatch(/\n|undefined|\[object/);
  }
}

describe('reading a search file', () => {
  it.each([
    ['any text', fc.string({ unit: 'binary', maxLength: 200 })],
    ['any pieces of YAML', fc.array(PIECES, { maxLength: 40 }).map((pieces) => pieces.join(''))],
    ['a mutated example', mutated],
  ])('gives a spec or faults for %s', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => expectSense(text, parseSearchFile(text, 'f'))),
      { numRuns: 150 },
    );
  });
});
