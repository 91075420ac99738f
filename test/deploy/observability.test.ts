import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { realScrapes } from '../telemetry/real-scrapes.js';
import { Scrape } from '../telemetry/scrape.js';
import { DEPLOY, missing, ROOT, run } from './programs.js';

const FOLDER = join(DEPLOY, 'observability');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

/** Series of real processes, as `assay_slots{state="busy"}`, and their names. */
let series: Set<string>;
let names: Set<string>;
let documents: Record<'leader' | 'standby' | 'worker', string>;
beforeAll(async () => {
  documents = await realScrapes();
  const lines = Object.values(documents).flatMap((text) => text.split('\n'));
  series = new Set(lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \S+$/, '')));
  names = new Set([...series].map((one) => one.replace(/\{.*/, '')));
});

/** Every expression that a JSON or YAML file has for Prometheus. */
function expressionsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr' && typeof inner === 'string' ? [inner] : expressionsIn(inner),
  );
}

interface Selector {
  readonly name: string;
  /** By label; a matcher that is no equality has all of its alternatives. */
  readonly labels: readonly (readonly [label: string, value: string])[];
}

/** What an expression reads: names with their matchers. */
function selectorsIn(expression: string): Selector[] {
  const plain = expression.replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  return [...plain.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\w)(?!\s*\()/g)].flatMap(([, name, matchers = '']) => {
    if (['and', 'or', 'unless', 'bool', 'offset'].includes(name!) || /^\d/.test(name!)) return [];
    // A range such as [5m] or [$__rate_interval].
    if (new RegExp(`\\[\\$?${name}\\]|\\d${name}`).test(plain)) return [];
    const labels = [...matchers.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].flatMap(([, label, , value]) =>
      label === 'job' || label === 'instance' ? [] : value!.split('|').map((one) => [label!, one] as const),
    );
    return [{ name: name!, labels }];
  });
}

const selectorsOf = (document: unknown): Selector[] => expressionsIn(document).flatMap(selectorsIn);

describe.each([
  ['grafana-dashboard.json', () => JSON.parse(read('grafana-dashboard.json')) as unknown],
  ['alerts.yaml', () => parse(read('alerts.yaml')) as unknown],
])('%s', (file, load) => {
  it('reads only what is told', () => {
    const selectors = selectorsOf(load());
    expect(selectors.length).toBeGreaterThan(file === 'alerts.yaml' ? 10 : 25);
    const unknown = selectors.filter(({ name }) => !names.has(name)).map(({ name }) => name);
    expect(unknown).toEqual([]);
  });

  it('asks for values of labels that there are', () => {
    const asked = selectorsOf(load()).flatMap(({ name, labels }) =>
      labels.map(([label, value]) => ({ name, pair: `${label}="${value}"` })),
    );
    expect(asked.length).toBeGreaterThan(3);
    const unknown = asked.filter(
      ({ name, pair }) => ![...series].some((one) => one.startsWith(`${name}{`) && one.includes(pair)),
    );
    expect(unknown).toEqual([]);
  });
});

it('finds a name and a label that do not exist', () => {
  const [found] = selectorsIn('sum by (job) (rate(assay_nothing{state="odd", job=~"$job"}[5m])) > 1 and assay_leader');
  expect(found).toEqual({ name: 'assay_nothing', labels: [['state', 'odd']] });
  expect(names.has('assay_nothing')).toBe(false);
});

describe('the dashboard', () => {
  it('shows every figure of its own that there is', () => {
    const shown = new Set(selectorsOf(JSON.parse(read('grafana-dashboard.json'))).map(({ name }) => name));
    const families = Object.values(documents).flatMap((text) => [...new Scrape(text).families]);
    const own = families.filter(([name]) => name.startsWith('assay_') && !name.endsWith('_info'));
    const parts = (name: string): string[] => [name, `${name}_bucket`];
    // These say the same of a worker as the coordinator says of all.
    const ofWorkers = [
      'assay_worker_attached',
      'assay_worker_slots',
      'assay_worker_attempts_ended_total',
      'assay_worker_reports_total',
    ];
    const missed = own.map(([name]) => name).filter((name) => !parts(name).some((part) => shown.has(part)));
    expect(new Set(missed)).toEqual(new Set(ofWorkers));
  });

  it('has no two panels in one place', () => {
    const { panels } = JSON.parse(read('grafana-dashboard.json')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe('docs/observability.md', () => {
  const text = readFileSync(join(ROOT, 'docs', 'observability.md'), 'utf8');

  it('lists every figure with its kind and its words, and no other', () => {
    const listed = [...text.matchAll(/^\| `(assay_\w+)`(?: `\{(\w+)\}`)? \| (\w+) \| (.*) \|$/gm)].map(
      ([, name, label = '', type, help]) => [name, label, type, help],
    );
    const told = Object.values(documents).flatMap((document) => {
      const scrape = new Scrape(document);
      return [...scrape.families].flatMap(([name, { type, help }]) => {
        if (!name.startsWith('assay_')) return [];
        const label = type === 'histogram' ? '' : labelOf(document, name);
        return [[name, label, type, help]];
      });
    });
    const unique = [...new Map(told.map((row) => [row[0], row])).values()];
    // A gauge of a role that is not played has no series, and so no label.
    const complete = unique.map((row) => told.find((other) => other[0] === row[0] && other[1] !== '') ?? row);
    expect(listed.map((row) => row.join(' | ')).sort()).toEqual(complete.map((row) => row.join(' | ')).sort());
  });
});

function labelOf(document: string, name: string): string {
  return new RegExp(`^${name}\\{(\\w+)=`, 'm').exec(document)?.[1] ?? '';
}

describe('promtool', () => {
  const skipped = missing('promtool');
  const PATIENCE_MS = 180_000;
  const promtool = (...args: string[]) => run('promtool', args, {}, FOLDER);

  it.skipIf(skipped !== undefined)(
    'accepts the configuration and the rules, which do what they are to',
    { timeout: PATIENCE_MS },
    () => {
      for (const args of [
        ['check', 'config', 'prometheus.yaml'],
        ['check', 'rules', 'alerts.yaml'],
        ['test', 'rules', 'alerts.test.yaml'],
      ]) {
        const { code, text } = promtool(...args);
        expect({ args, code, text }).toEqual({ args, code: 0, text });
      }
    },
  );

  it.skipIf(skipped !== undefined)('has nothing to say about the figures', { timeout: PATIENCE_MS }, () => {
    for (const [who, input] of Object.entries(documents)) {
      const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      expect({ who, status, said: stderr + stdout }).toEqual({ who, status: 0, said: '' });
    }
  });
});
