import { describe, expect, it } from 'vitest';
import { parseSearchFile } from '../../../coordinator/spec/index.js';
import { commandConfigSchema, moduleConfigSchema, wordParts } from '../../../proto/own-code.js';
import { faultsOf, fileWith, warningsOf } from './faults-of.js';

const SPACE = 'space: {lr: {log: [0.1, 1]}, opt: [a, b], mom: {float: [0, 1], when: {opt: a}}}';

/** A file with this objective in its fourth line. */
function running(objective: string, metric = 'metric: {name: acc}'): string {
  return fileWith({ train: metric, space: objective, more: SPACE });
}

describe('a command or module section', () => {
  it.each([
    'command: python train.py --lr {lr}',
    'command: [python, train.py, [--mom, "{mom}"], $lr, "{args}", 3, true]',
    'command: [awk, "{print $1}", "{{print}}"]',
    'command: {argv: python train.py, env: {A: 1, B: $opt}, scrape: "acc=(?<acc>[0-9.]+)", pass_env: [HOME]}',
    'command: {argv: [./run], workdir: /srv/code}',
    'command: {argv: [./run], upload: .}',
    'command: {argv: [./run], upload: {dir: src, ignore: [data/]}}',
    `command: {argv: [./run], git: {url: "https://h/o/n.git", revision: ${'0a'.repeat(20)}}}`,
    'module: x.mjs',
    'command: {argv: [./run], env: {A: {env: KEY, secret: true}, B: {env: PLAIN, secret: false}, C: {env: KEY}}}',
    'module: {file: x.mjs, env: {A: {env: KEY}}}',
    'module: {file: x.ts, export: run, config: {epochs: 3, deep: {lr: $lr}}}',
  ])('may say %s', (objective) => expect(faultsOf(running(objective))).toEqual([]));

  it.each([
    [
      'command: python "my train.py"',
      'f:4:10 command: has characters that only a shell understands, and none is used; write a list of words, like [bash, -c, "..."], not the text "python \\"my train.py\\""',
    ],
    ['command: [python, "{lrr}", $lr]', 'f:4:19 command[1]: there is no parameter "lrr" in space (did you mean "lr"?)'],
    [
      'command: [awk, "{print}"]',
      'f:4:16 command[1]: there is no parameter "print" in space; write {{print}} for braces',
    ],
    ['command: {argv: a b, scrap: y}', 'f:4:22 command.scrap: unknown key "scrap" (did you mean "scrape"?)'],
    [
      'command: {argv: a b, scrape: ["a=(?<acc>x)", "acc=(?<acc>"]}',
      'f:4:46 command.scrape[1]: is no regular expression of the RE2 syntax: missing closing ): `acc=(?<acc>`',
    ],
    [
      'command: {argv: a b, scrape: "(?<step>x)"}',
      'f:4:30 command.scrape: has no named group for a metric, like (?<val_accuracy>[0-9.]+)',
    ],
    ['command: {argv: []}', 'f:4:17 command.argv: must not be empty'],
    [
      'command: {argv: a, env: {1a: x}}',
      'f:4:30 command.env.1a: must be the name of an environment variable, not the text "x"',
    ],
    [
      'command: {argv: a, upload: ., workdir: x}',
      'f:4:31 command.workdir: code comes from one place, and upload is there already; remove one',
    ],
    [
      'command: {argv: a, git: {url: "https://h/n", revision: main}}',
      'f:4:56 command.git.revision: must be a whole commit id (git rev-parse HEAD), because branches and tags move, not the text "main"',
    ],
    [
      'command: {argv: a, git: {url: "ext::sh -c id", revision: 0123456789012345678901234567890123456789a}}',
      'f:4:31 command.git.url: must be the URL of a repository, like https://host/owner/name.git, not the text "ext::sh -c id"',
    ],
    ['command: 3', 'f:4:10 command: must be a text like python train.py {args} or a mapping, not the number 3'],
    ['command:', 'f:4:9 command: must be a text like python train.py {args} or a mapping, not nothing'],
    ['module: {file: 3}', 'f:4:16 module.file: must be a text, not the number 3'],
    ['module: [a]', 'f:4:9 module: must be a text or a mapping, not a list'],
  ])('is refused as %s', (objective, fault) => expect(faultsOf(running(objective))[0]).toBe(fault));

  it('holds no secret itself: a value is refused or warned of, and never repeated', () => {
    const literal = running('command: {argv: a, env: {A: {value: hunter2, secret: true}}}');
    expect(faultsOf(literal)[0]).toBe('f:4:29 command.env.A: env is missing; it must be a text');
    expect(faultsOf(literal).join()).not.toContain('hunter2');
    const plain = running('module: {file: x.mjs, env: {API_TOKEN: hunter2, A: 1}}');
    expect(warningsOf(plain)).toEqual([
      'f:4:29 module.env.API_TOKEN: its value will be in the log; name a variable of the worker that has it, like {env: API_TOKEN}',
    ]);
    const parameter = fileWith({ train: 'metric: {name: acc}', space: 'command: a', more: 'space: {x: {env: KEY}}' });
    expect(faultsOf(parameter).join()).toContain("space.x.env: a parameter's value is in the log");
  });

  it('must say what it reports, because nobody else knows', () => {
    expect(faultsOf(running('module: x.mjs', ''))).toEqual([
      'f:1:1: metric is missing; write it like "metric: {name: val_accuracy, goal: maximize}"',
    ]);
  });

  it('need not say it where one metric is scraped', () => {
    const parsed = parseSearchFile(running('command: {argv: a, scrape: "(?<step>x) (?<val_loss>y)"}', ''), 'f');
    expect(parsed.ok && parsed.spec.metric).toEqual({ name: 'val_loss', goal: 'minimize', value: 'last' });
  });

  it('is warned of a metric that is not among those scraped', () => {
    expect(warningsOf(running('command: {argv: a, scrape: "(?<ac>y)"}'))).toEqual([
      'f:3:16 metric.name: is not among what is scraped (did you mean "ac"?): ac',
    ]);
  });
});

describe('what a section means', () => {
  it('is the same however it is written', () => {
    const whole = { argv: ['a', 'b'], env: {}, scrape: [], pass_env: [] };
    for (const written of ['a  b', ['a', 'b'], { argv: 'a b' }]) {
      expect(commandConfigSchema.parse(written)).toEqual(whole);
    }
    expect(commandConfigSchema.parse({ argv: ['a'], scrape: 'x', upload: '.' })).toMatchObject({
      scrape: ['x'],
      upload: { dir: '.', ignore: [] },
    });
    expect(moduleConfigSchema.parse('x.mjs')).toEqual(moduleConfigSchema.parse({ file: 'x.mjs' }));
  });
});

describe('a word of a command', () => {
  it.each([
    ['--lr={lr}', [{ text: '--lr=' }, { name: 'lr' }]],
    ['{a}{b}', [{ name: 'a' }, { name: 'b' }]],
    ['{{a}}', [{ text: '{a}' }]],
    ['{"k": {v}}', [{ text: '{"k": ' }, { name: 'v' }, { text: '}' }]],
    ['{print $1} {', [{ text: '{print $1} {' }]],
    ['', []],
  ])('%j is read as its parts', (word, parts) => expect(wordParts(word)).toEqual(parts));
});
