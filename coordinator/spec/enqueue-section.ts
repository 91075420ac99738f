import {
  configKey,
  createSpace,
  type ParamSpec,
  type Params,
  type ParamValue,
  type Space,
  valueFault,
} from '../../search/index.js';
import { didYouMean } from '../core/nearest.js';
import { MOST_ENQUEUED } from '../limits.js';
import { conditionHolds, conditionText } from './conditions.js';
import { FaultList, type Place } from './fault.js';
import { readYaml } from './read-yaml.js';
import { describe, readValue } from './readers.js';
import type { SourceMap, SourceNode } from './source-tree.js';
import type { DeclaredSpace } from './space-section.js';

/** Reads `enqueue:`; rows come back with their keys in the order of the space. */
export function readEnqueue(
  node: SourceNode,
  declared: DeclaredSpace,
  relations: readonly string[],
  faults: FaultList,
): readonly Params[] {
  if (node.kind !== 'list') {
    faults.add(node, `must be a list of configurations like [{lr: 0.01}], not ${describe(node)}`);
    return [];
  }
  if (node.items.length > MOST_ENQUEUED) {
    faults.add(node, `has ${node.items.length} configurations, at most ${MOST_ENQUEUED} are possible`);
    return [];
  }
  const rows = node.items.map((item) => ({ item, params: readRow(item, declared, faults) }));
  // Relations and repetitions make sense only of sound rows in a sound space.
  if (faults.count === 0) checkRows(rows, createSpace(declared.params, relations), faults);
  return rows.map(({ params }) => params);
}

export type ParsedConfiguration =
  | { readonly ok: true; readonly params: Params }
  /** In the words of a search file's faults. */
  | { readonly ok: false; readonly faults: readonly string[] };

/**
 * Reads one configuration for a space that is known already, with the faults that a row of `enqueue:` would have.
 *
 * @param text one mapping, YAML or JSON
 */
export function parseConfiguration(
  text: string,
  params: readonly ParamSpec[],
  relations: readonly string[],
): ParsedConfiguration {
  const faults = new FaultList('', text);
  const root = text.trim() === '' ? EMPTY : readYaml(text, faults);
  const declared = new Set(params.map(({ name }) => name));
  const row = root === undefined ? {} : readRow(root, { declared, params }, faults);
  if (root !== undefined && faults.count === 0) {
    checkRows([{ item: root, params: row }], createSpace(params, relations), faults);
  }
  if (faults.count === 0) return { ok: true, params: row };
  return {
    ok: false,
    faults: faults.faults().map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)),
  };
}

/** Says nothing: everything is drawn. */
const EMPTY: SourceMap = { kind: 'map', offset: 0, path: '', entries: [] };

/** As much of a declared space as a row is compared with. */
interface Columns {
  readonly declared: Pick<ReadonlySet<string>, 'has' | 'keys'>;
  readonly params: readonly ParamSpec[];
}

function readRow(node: SourceNode, { declared, params }: Columns, faults: FaultList): Params {
  if (node.kind !== 'map') {
    faults.add(node, `must be a configuration like {lr: 0.01, depth: 2}, not ${describe(node)}`);
    return {};
  }
  const byName = new Map(params.map((param) => [param.name, param]));
  const given = new Map<string, ParamValue>();
  for (const { key, keyPlace, node: valueNode } of node.entries) {
    if (!declared.has(key)) {
      faults.add(keyPlace, `there is no parameter "${key}" in space${didYouMean(key, declared.keys())}`);
      continue;
    }
    const value = readValue(valueNode, faults);
    if (value === undefined) continue;
    given.set(key, value);
    const param = byName.get(key);
    const fault = param === undefined ? undefined : valueFault(param, value);
    if (fault !== undefined) faults.add(valueNode, fault);
  }
  checkActivity(node, byName, given, faults);
  return Object.fromEntries(
    [...declared.keys()].flatMap((name) => (given.has(name) ? [[name, given.get(name)!]] : [])),
  );
}

/** A given value must be one that the trial will use: its conditions hold by what the row itself says. */
function checkActivity(
  row: SourceMap,
  byName: ReadonlyMap<string, ParamSpec>,
  given: ReadonlyMap<string, ParamValue>,
  faults: FaultList,
): void {
  for (const { key, keyPlace } of row.entries) {
    for (const condition of byName.get(key)?.when ?? []) {
      const parent = byName.get(condition.param);
      const value = given.get(condition.param) ?? fixedValue(parent);
      if (value === undefined) {
        faults.add(
          keyPlace,
          `${key} is used only ${conditionText(condition)}; say in this row what ${condition.param} is`,
        );
      } else if (!conditionHolds(condition, value)) {
        faults.add(
          keyPlace,
          `${key} is used only ${conditionText(condition)}, and here it is ${JSON.stringify(value)}; leave ${key} out`,
        );
      }
    }
  }
}

function fixedValue(param: ParamSpec | undefined): ParamValue | undefined {
  return param?.kind === 'categorical' && param.choices.length === 1 ? param.choices[0] : undefined;
}

function checkRows(rows: readonly { item: Place; params: Params }[], space: Space, faults: FaultList): void {
  const seen = new Map<string, number>();
  for (const [i, { item, params }] of rows.entries()) {
    const values = space.params.map(({ name }) => (Object.hasOwn(params, name) ? params[name] : undefined));
    for (const relation of space.relations) {
      if (!relation.holds(values)) faults.add(item, `the relation ${relation.text} does not hold`);
    }
    const key = configKey(space, params);
    const first = seen.get(key);
    if (first !== undefined) faults.warn(item, `is the same as enqueue[${first}]`);
    else seen.set(key, i);
  }
}
