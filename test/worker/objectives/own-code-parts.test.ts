import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../worker/objectives/command-line.js';
import { LineReader, LONGEST_LINE_BYTES } from '../../../worker/objectives/lines.js';
import { OwnReports } from '../../../worker/objectives/own-reports.js';
import { readSaid } from '../../../worker/objectives/report-lines.js';
import { Scraper } from '../../../worker/objectives/scraper.js';

function scraped(patterns: readonly string[], output: string): [number, Record<string, number>][] {
  const found: [number, Record<string, number>][] = [];
  const scraper = new Scraper(patterns, new OwnReports((step, metrics) => void found.push([step, { ...metrics }])));
  const reader = new LineReader((line) => scraper.line(line));
  for (const byte of Buffer.from(output)) reader.add(Buffer.from([byte]));
  reader.end();
  scraper.end();
  return found;
}

describe('scraping', () => {
  it.each([
    [
      'counts matches without a step',
      ['acc (?<a>\\S+)'],
      'acc 0.5\nno\nacc 0.75\n',
      [
        [1, { a: 0.5 }],
        [2, { a: 0.75 }],
      ],
    ],
    [
      'takes steps where they are named',
      ['(?<step>\\d+): (?<a>\\S+)'],
      '3: 1\n7: 2',
      [
        [3, { a: 1 }],
        [7, { a: 2 }],
      ],
    ],
    [
      'moves steps that begin with 0',
      ['(?<step>\\d+): (?<a>\\S+)'],
      '0: 1\n1: 2',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
      ],
    ],
    [
      'puts lines of one step together',
      ['epoch (?<step>\\d+)', 'a=(?<a>\\S+)', 'b=(?<b>\\S+)'],
      'epoch 1\na=1\nb=2\nepoch 2\nb=4\na=3\n',
      [
        [1, { a: 1, b: 2 }],
        [2, { b: 4, a: 3 }],
      ],
    ],
    [
      'tells what a step has when the next one comes',
      ['epoch (?<step>\\d+)', 'a=(?<a>\\S+)', 'b=(?<b>\\S+)'],
      'epoch 1\na=1\nepoch 2\na=2\nb=3\n',
      [
        [1, { a: 1 }],
        [2, { a: 2, b: 3 }],
      ],
    ],
    ['tells what is left at the end', ['a=(?<a>\\S+)', 'b=(?<b>\\S+)'], 'a=1\n', [[1, { a: 1 }]]],
    [
      'takes the first of a step that is printed for each batch',
      ['(?<step>\\d+): (?<a>\\S+)'],
      '1: 1\n1: 2\n2: 3\n',
      [
        [1, { a: 1 }],
        [2, { a: 3 }],
      ],
    ],
    [
      'reads numbers as programs print them',
      ['a=(?<a>\\S+)'],
      'a=1e-3\na=nan\na=-inf\na=+2\na=-\n',
      [
        [1, { a: 0.001 }],
        [2, { a: Number.NaN }],
        [3, { a: Number.NEGATIVE_INFINITY }],
        [4, { a: 2 }],
      ],
    ],
    [
      'sees a progress bar',
      ['(?<a>\\d+)%'],
      '10%\r20%\r',
      [
        [1, { a: 10 }],
        [2, { a: 20 }],
      ],
    ],
  ])('%s', (_, patterns, output, reports) => expect(scraped(patterns, output)).toEqual(reports));

  it('takes linear time, whatever the pattern', () => {
    expect(scraped(['(?<a>(x+)+)$'], `${'x'.repeat(20_000)}!\n`)).toEqual([]);
  });
});

describe('lines', () => {
  it('are cut when they are too long, and what follows is read', () => {
    const lines: string[] = [];
    const reader = new LineReader((line) => lines.push(line));
    for (let i = 0; i < 100; i++) reader.add(Buffer.alloc(10_000, 120));
    reader.add(Buffer.from('\nnext\r\n\n'));
    expect(lines.map(({ length }) => length)).toEqual([LONGEST_LINE_BYTES, 4]);
  });
});

describe('what a program says', () => {
  it.each([
    ['{"a": 1, "step": 2}', { type: 'report', metrics: { a: 1 }, step: 2 }],
    [
      '{"a": NaN, "b": [-Infinity], "text": ": NaN,"}',
      { type: 'report', metrics: { a: Number.NaN, b: ['-Infinity'], text: ': NaN,' }, step: undefined },
    ],
    ['{"checkpoint": 3}', { type: 'checkpoint', step: 3 }],
    ['{"checkpoint": true}', { type: 'checkpoint', step: undefined }],
  ])('%s', (text, said) => expect(readSaid(text)).toEqual(said));

  it.each(['', 'a', '[1]', '3', 'null', '{"a":'])('%j is no report', (text) => {
    expect(() => readSaid(text)).toThrow(/is no report: write an object like/);
  });
});

describe('the words of a command', () => {
  it.each([
    [['a', 1, true], {}, ['a', '1', 'true']],
    [['--lr={lr}', '{lr}{x}'], { lr: 0.1, x: 'y' }, ['--lr=0.1', '0.1y']],
    [['--m', '{m}', 'z'], {}, ['--m', 'z']],
    [[['--m', '{m}'], 'z'], {}, ['z']],
    [['{args}'], { lr: 1e-7, on: false }, ['--lr=1e-7', '--on=false']],
    [['x {args}'], { a: 1, b: 2 }, ['x --a=1 --b=2']],
    [['{{a}}', '$HOME; rm -rf /'], { a: 1 }, ['{a}', '$HOME; rm -rf /']],
    [['{a}'], { a: '{b}', b: 1 }, ['{b}']],
  ])('%j with %j', (argv, params, words) => expect(commandLine(argv, params)).toEqual(words));
});
