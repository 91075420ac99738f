import type { Condition, ParamSpec, ParamValue } from '../../search/index.js';
import { didYouMean } from '../core/nearest.js';
import type { FaultList, Place } from './fault.js';
import { describe, listOf, readAnyNumber, readValue } from './readers.js';
import type { SourceEntry, SourceMap, SourceNode } from './source-tree.js';

/** One name in `space:`. */
export interface Declared {
  readonly keyPlace: Place;
  /** Without conditions as yet; undefined when it has faults. */
  readonly param: ParamSpec | undefined;
  readonly when: SourceNode | undefined;
}

type Operator = '<' | '<=' | '>' | '>=' | '!=';

export const OPERATORS: readonly Operator[] = ['<', '<=', '>', '>=', '!='];

/** Reads every `when:`; the conditions by parameter, those without faults. */
export function readConditions(
  declared: ReadonlyMap<string, Declared>,
  faults: FaultList,
): ReadonlyMap<string, readonly Condition[]> {
  const conditions = new Map<string, readonly Condition[]>();
  const parents = new Map<string, readonly string[]>();
  for (const [name, { when }] of declared) {
    if (when === undefined) continue;
    if (when.kind !== 'map' || when.entries.length === 0) {
      faults.add(
        when,
        `must say which values of which parameters it depends on, like {optimizer: sgd}, not ${describe(when)}`,
      );
      continue;
    }
    conditions.set(
      name,
      when.entries.flatMap((entry) => readCondition(entry, declared, faults)),
    );
    parents.set(
      name,
      when.entries.map(({ key }) => key),
    );
  }
  const inCycle = addCycleFaults(declared, parents, faults);
  for (const name of inCycle) conditions.delete(name);
  return conditions;
}

function readCondition(
  { key, keyPlace, node }: SourceEntry,
  declared: ReadonlyMap<string, Declared>,
  faults: FaultList,
): readonly Condition[] {
  const parent = declared.get(key);
  if (parent === undefined) {
    faults.add(keyPlace, `there is no parameter "${key}" in space${didYouMean(key, declared.keys())}`);
    return [];
  }
  const conditions =
    node.kind === 'map'
      ? readComparisons(key, node, parent.param, faults)
      : readValues(key, node, parent.param, faults);
  return conditions ?? [];
}

function readValues(
  name: string,
  node: SourceNode,
  parent: ParamSpec | undefined,
  faults: FaultList,
): readonly Condition[] | undefined {
  const items = node.kind === 'list' ? node.items : [node];
  if (items.length === 0) {
    faults.add(node, 'has no values; list those that make the condition hold');
    return undefined;
  }
  const values: ParamValue[] = [];
  for (const item of items) {
    const value = readValue(item, faults);
    if (value === undefined) continue;
    const never = parent === undefined ? undefined : neverEquals(parent, value);
    if (never !== undefined) faults.add(item, `${never}${comparisonMeant(value)}`);
    values.push(value);
  }
  return [{ param: name, test: { in: [...new Set(values)] } }];
}

/** How a comparison is written, where one was written as a text. */
function comparisonMeant(value: ParamValue): string {
  const [, op, rest] = /^(<=?|>=?|!=)\s*(\S+)$/.exec(String(value)) ?? [];
  return op === undefined ? '' : `; a comparison is written {"${op}": ${rest}}`;
}

/** Why a parameter cannot have a value; undefined when it can. */
function neverEquals(parent: ParamSpec, value: ParamValue): string | undefined {
  if (parent.kind === 'categorical') {
    if (parent.choices.includes(value)) return undefined;
    const meant = didYouMean(String(value), parent.choices.map(String));
    return `${parent.name} is never ${JSON.stringify(value)}${meant}; it is ${listOf(parent.choices)}`;
  }
  const inRange = typeof value === 'number' && value >= parent.low && value <= parent.high;
  if (inRange && (parent.kind === 'float' || Number.isInteger(value))) return undefined;
  return `${parent.name} is never ${JSON.stringify(value)}; it is ${parent.kind === 'int' ? 'an integer' : 'a number'} in [${parent.low}, ${parent.high}]`;
}

function readComparisons(
  name: string,
  map: SourceMap,
  parent: ParamSpec | undefined,
  faults: FaultList,
): readonly Condition[] | undefined {
  if (map.entries.length === 0) {
    faults.add(map, 'compares with nothing; write it like {">=": 2}');
    return undefined;
  }
  return map.entries.flatMap((entry) => readComparison(name, entry, parent, faults));
}

function readComparison(
  name: string,
  { key, keyPlace, node }: SourceEntry,
  parent: ParamSpec | undefined,
  faults: FaultList,
): readonly Condition[] {
  const op = OPERATORS.find((operator) => operator === key);
  if (op === undefined) {
    faults.add(
      keyPlace,
      `unknown comparison "${key}"; known: ${OPERATORS.join(' ')}, and for equality write "${name}: value"`,
    );
    return [];
  }
  if (op === '!=' && parent?.kind === 'categorical') return allBut(parent, node, faults);
  const value = readAnyNumber(node, faults);
  if (value === undefined) return [];
  const never = parent === undefined ? undefined : neverCompares(parent, op, value);
  if (never !== undefined) faults.add(node, never);
  return [{ param: name, test: { op, value } }];
}

/** Comparisons are for numbers; for a choice, not equal is one of the others. */
function allBut(
  parent: ParamSpec & { readonly kind: 'categorical' },
  node: SourceNode,
  faults: FaultList,
): readonly Condition[] {
  const value = readValue(node, faults);
  if (value === undefined) return [];
  const never = neverEquals(parent, value);
  const others = parent.choices.filter((choice) => choice !== value);
  if (never !== undefined) faults.add(node, never);
  else if (others.length === 0) faults.add(node, `never holds; ${parent.name} is always ${JSON.stringify(value)}`);
  return [{ param: parent.name, test: { in: others } }];
}

function neverCompares(parent: ParamSpec, op: Operator, value: number): string | undefined {
  const reached = extremes(parent);
  if (reached === undefined)
    return `the choices of ${parent.name} are no numbers; name those that make the condition hold`;
  const { low, high } = reached;
  const holds = {
    '<': low < value,
    '<=': low <= value,
    '>': high > value,
    '>=': high >= value,
    '!=': low !== high || low !== value,
  };
  return holds[op] ? undefined : `never holds; ${parent.name} is in [${low}, ${high}]`;
}

function extremes(parent: ParamSpec): { low: number; high: number } | undefined {
  if (parent.kind !== 'categorical') return parent;
  const numbers = parent.choices.filter((choice) => typeof choice === 'number');
  return numbers.length === 0 ? undefined : { low: Math.min(...numbers), high: Math.max(...numbers) };
}

/** One fault for each cycle, at the condition of its first parameter in the file. @returns the names in cycles */
function addCycleFaults(
  declared: ReadonlyMap<string, Declared>,
  parents: ReadonlyMap<string, readonly string[]>,
  faults: FaultList,
): ReadonlySet<string> {
  const inCycle = new Set<string>();
  const done = new Set<string>();
  const walk: string[] = [];
  const visit = (name: string): void => {
    const at = walk.indexOf(name);
    if (at !== -1) {
      const cycle = walk.slice(at);
      for (const member of cycle) inCycle.add(member);
      faults.add(
        declared.get(name)!.when!,
        `the conditions form a cycle: ${[...cycle, name].join(' -> ')}; remove one of them`,
      );
      return;
    }
    if (done.has(name)) return;
    walk.push(name);
    for (const parent of parents.get(name) ?? []) visit(parent);
    walk.pop();
    done.add(name);
  };
  for (const name of parents.keys()) visit(name);
  return inCycle;
}

/** Whether a condition holds for its parent's value. */
export function conditionHolds({ test }: Condition, value: ParamValue): boolean {
  if ('in' in test) return test.in.includes(value);
  if (typeof value !== 'number') return false;
  const { op, value: bound } = test;
  const answers = {
    '<': value < bound,
    '<=': value <= bound,
    '>': value > bound,
    '>=': value >= bound,
    '!=': value !== bound,
  };
  return answers[op];
}

/** A condition in words: `when optimizer is "sgd"`, `when depth >= 2`. */
export function conditionText({ param, test }: Condition): string {
  return 'in' in test ? `when ${param} is ${listOf(test.in)}` : `when ${param} ${test.op} ${test.value}`;
}
