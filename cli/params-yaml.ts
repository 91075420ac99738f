import { stringify } from 'yaml';
import type { Param } from '../proto/index.js';

/** A configuration as lines of YAML, as a search file's `enqueue` takes it, with numbers in full. */
export function paramsYaml(params: readonly Param[]): string[] {
  const values = Object.fromEntries(params.map(({ name, value }) => [name, value?.kind?.value ?? null]));
  return stringify(values, { lineWidth: 0 }).trimEnd().split('\n');
}
