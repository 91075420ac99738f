import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Gpu } from '../../proto/index.js';
import { studyJson, trialJson, workerJson } from '../../proto/json.js';
import { packagePath } from '../../proto/package-path.js';
import { trialsCsv } from '../../proto/trials-csv.js';
import { reports, study, trial, worker } from '../cli/canned.js';

const text = readFileSync(packagePath('docs', 'json.md'), 'utf8');
const section = (title: string): string => text.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;

/** Names in the first column of a section's table. */
const documented = (title: string): string[] =>
  section(title)
    .split('\n')
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    .sort();

/** Names in a shape such as `{a, b: [c]}` after a field's name. */
const shape = (title: string, field: string): string[] => {
  const row = section(title)
    .split('\n')
    .find((line) => line.startsWith(`| \`${field}\``))!;
  return [.../\{([^{}]*)/.exec(row)![1]!.matchAll(/(\w+)(?=[,:]|$)/g)].map(([name]) => name).sort();
};

const keys = (json: object): string[] => Object.keys(json).sort();

describe('docs/json.md', () => {
  it('names every field that is printed, and no other', () => {
    expect(documented('A study')).toEqual(keys(studyJson(study())));
    expect(documented('A trial')).toEqual(keys(trialJson(trial(0))));
    expect(documented('A worker')).toEqual(keys(workerJson(worker('a', { gpus: [Gpu.create({})] }))));
  });

  it('names the fields of what is in them', () => {
    const repeats = { of: 0, complete: 1, wanted: 2, mean: 1 };
    const json = trialJson(trial(0, { repeats, reports: reports(0.5) }));
    expect(shape('A study', 'counts')).toEqual(keys(studyJson(study()).counts!));
    expect(shape('A trial', 'repeats')).toEqual(keys(json.repeats!));
    expect(shape('A trial', 'attempts')).toEqual(keys(json.attempts[0]!));
    expect(shape('A trial', 'reports')).toEqual(keys(json.reports[0]!));
  });

  it('names the columns of the CSV in their order', () => {
    const columns = trialsCsv(study(), []).split('\r\n')[0]!.split(',');
    const named = [
      ...section('CSV')
        .split('The columns are')[1]!
        .matchAll(/`([\w.]+)`/g),
    ].map(([, name]) => name);
    const own = columns.filter((name) => name !== study().metric && !name.startsWith('params.'));
    expect(named.slice(0, own.length)).toEqual(own);
  });
});
