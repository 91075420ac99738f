import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { searchFileSchema } from '../../../coordinator/spec/json-schema.js';
import type { JsonSchema } from '../../../coordinator/spec/schema-issues.js';
import { settingKey } from '../../../coordinator/spec/settings-section.js';
import { packagePath } from '../../../proto/package-path.js';
import { PRUNER_SETTINGS, SAMPLER_SETTINGS, type Settings } from '../../../search/index.js';
import { faultsOf } from './faults-of.js';

const text = readFileSync(packagePath('docs', 'search-file.md'), 'utf8');
const section = (title: string): string => text.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;

/** Everything that stands between backquotes. */
const codeIn = (part: string): string =>
  [...part.replace(/```.*?```/gs, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code).join('\n');

/** Words of the code in a text. */
const words = (part: string): Set<string> => new Set(codeIn(part).match(/[\w-]+/g));

/** Names of all properties in a schema, and all that their values are called. */
function namesIn(schema: unknown, names: Set<string> = new Set()): Set<string> {
  if (Array.isArray(schema)) for (const one of schema) namesIn(one, names);
  else if (typeof schema === 'object' && schema !== null) {
    const { properties = {}, enum: values = [], const: value } = schema as JsonSchema & Record<string, unknown>;
    for (const name of Object.keys(properties as object)) names.add(name);
    for (const name of [...(values as unknown[]), value]) if (typeof name === 'string') names.add(name);
    for (const [key, part] of Object.entries(schema)) if (key !== 'enum') namesIn(part, names);
  }
  return names;
}

describe('docs/search-file.md', () => {
  it('has an example that is without fault', () => {
    const [, example] = /```yaml\n(.*?)```/s.exec(text)!;
    expect(faultsOf(example!)).toEqual([]);
  });

  it('names every section', () => {
    const sections = Object.keys((searchFileSchema() as { properties: object }).properties);
    expect(sections.filter((name) => !words(text.split('\n## ')[0]!).has(name))).toEqual([]);
  });

  it.each([
    ['Samplers', SAMPLER_SETTINGS],
    ['Pruners', PRUNER_SETTINGS],
  ] as const)('names all of the %s with their settings and defaults, and no others', (title, table) => {
    const rows = section(title).split('\n');
    const missing = Object.entries<Settings>(table).flatMap(([type, settings]) => {
      const row = rows.find((line) =>
        codeIn(line.split('|')[1] ?? '')
          .split('\n')
          .includes(type),
      );
      if (row === undefined) return [type];
      // Two pruners share what the one above has.
      const code = codeIn(type === 'percentile' ? `${rows.find((line) => line.startsWith('| `median`'))}${row}` : row);
      return Object.entries(settings).flatMap(([name, { fallback }]) => {
        const said = fallback === undefined ? settingKey(name) : `${settingKey(name)}: ${fallback}`;
        return code.split('\n').includes(said) ? [] : [`${type} ${said}`];
      });
    });
    expect(missing).toEqual([]);
    const named = rows.flatMap((line) => (line.startsWith('| `') ? codeIn(line.split('|')[1]!).split('\n') : []));
    expect(named.filter((name) => !Object.hasOwn(table, name))).toEqual([]);
  });

  it('names all that training takes, data aside', () => {
    const {
      dataset: _,
      augment: __,
      ...train
    } = (searchFileSchema() as { properties: { train: { properties: Record<string, JsonSchema> } } }).properties.train
      .properties;
    const named = words(section('Training'));
    expect([...namesIn({ properties: train })].filter((name) => !named.has(name))).toEqual([]);
  });
});
