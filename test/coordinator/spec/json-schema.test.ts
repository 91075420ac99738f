import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searchFileSchema } from '../../../coordinator/spec/json-schema.js';
import { faultsOf, fileWith } from './faults-of.js';

const validate = new Ajv({ strict: false }).compile(searchFileSchema());

/** What the schema says against a file. Keys are texts to an editor, whatever YAML takes them for. */
function rejections(text: string): unknown[] {
  validate(parse(text, { stringKeys: true }));
  return validate.errors ?? [];
}

describe('search.schema.json', () => {
  it('is what the code says; otherwise run "npm run generate:schema"', () => {
    expect(JSON.parse(readFileSync('search.schema.json', 'utf8'))).toEqual(searchFileSchema());
  });

  it.each(readdirSync('examples').filter((name) => name.endsWith('.yaml')))('accepts examples/%s', (name) => {
    expect(rejections(readFileSync(`examples/${name}`, 'utf8'))).toEqual([]);
  });

  it.each([
    { sampler: 'sampler: {type: grid, points: 4}', budget: '' },
    { sampler: 'sampler: grid', budget: '' },
    { pruner: 'pruner: {type: threshold, lower: 0.1}' },
    { train: 'null: {steps: 3, value: $depth}' },
    { train: 'null:' },
    { budget: 'budget: {time: 1h30m}', limits: 'limits: {trial_time: 500ms, attempts: 1}' },
    { space: 'space: {depth: 3}' },
    { space: 'space: {depth: {choices: [1, 2], when: {a: {"!=": x}}}, a: [x, y, z]}' },
    {
      space:
        'space: {depth: {int: [1, 4], log: true}, b: {float: [0, 1], step: 0.1, when: {depth: {">=": 2, "<": 4}}}}',
    },
    { keep: 'keep: {artifacts: top 12}' },
    { keep: 'keep: {artifacts: none, output: last 100}' },
    { requires: 'requires: {labels: {gpu: a100, memory: 80}}', enqueue: 'enqueue: [{depth: 2}, {}]' },
  ])('accepts what the parser accepts: %o', (sections) => {
    const text = fileWith(sections);
    expect(faultsOf(text).filter((fault) => !fault.includes('$depth is there only'))).toEqual([]);
    expect(rejections(text)).toEqual([]);
  });

  it.each([
    { bugdet: 'bugdet: {trials: 3}' },
    { name: 'name: my study' },
    { name: '' },
    { train: '' },
    { null: 'null: {}' },
    { train: 'module: {path: x.js}', metric: 'metric: {name: a}' },
    { budget: '' },
    { budget: 'budget: {}' },
    { budget: 'budget: {trials: 0}' },
    { budget: 'budget: {time: 90}' },
    { seed: 'seed: 1.5' },
    { sampler: 'sampler: tpee' },
    { sampler: 'sampler: {type: tpe, startup: 3}' },
    { pruner: 'pruner: {type: asha, factor: 1}' },
    { metric: 'metric: {goal: max}' },
    { limits: 'limits: {attempts: 0}' },
    { space: 'space: {}' },
    { space: 'space: {depth: {int: [1, 2.5]}}' },
    { space: 'space: {depth: {int: [1]}}' },
    { space: 'space: {depth: {log: [0.1, 1], step: 0.1}}' },
    { space: 'space: {depth: {float: [0, 1], int: [0, 1]}}' },
    { space: 'space: {depth: []}' },
    { space: 'space: {depth: [1, 1]}' },
    { space: 'space: {depth: [1, null]}' },
    { space: 'space: {1depth: [1, 2]}' },
    { space: 'space: {depth: {int: [1, 4], when: {}}}' },
    { space: 'space: {depth: {int: [1, 4], when: {a: {"=>": 2}}}, a: 1}' },
    {
      train:
        'train: {dataset: digits, architecture: {depth: 1, width: 8}, optimizer: {learning_rate: 0}, batch_size: 32, epochs: 1}',
    },
    {
      train:
        'train: {dataset: digits, architecture: {depth: 1, width: 8, dropuot: 0}, optimizer: {learning_rate: 1}, batch_size: 32, epochs: 1}',
    },
    {
      train:
        'train: {dataset: digits, architecture: {depth: 1, width: 8}, optimizer: {learning_rate: $1}, batch_size: 32, epochs: 1}',
    },
  ])('rejects what the parser rejects by structure: %o', (sections) => {
    const text = fileWith(sections);
    expect(faultsOf(text)).not.toEqual([]);
    expect(rejections(text)).not.toEqual([]);
  });

  it('says something about every key it offers', () => {
    const { properties } = searchFileSchema();
    const silent = Object.entries(properties ?? {}).filter(([, section]) => section['description'] === undefined);
    expect(silent.map(([key]) => key)).toEqual([]);
  });
});
