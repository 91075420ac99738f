import { type Condition, type ParamSpec, type ParamValue, SpaceError, type Test, type Values } from './param.js';
import { parseRelation, type Relation } from './relations.js';

/** A condition with its parent looked up. */
export interface ResolvedCondition {
  /** Index of the parent in `params`. */
  readonly parent: number;
  readonly test: Test;
}

export interface Space {
  /** In the order of the file. */
  readonly params: readonly ParamSpec[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indices into `params`, parents before children, otherwise in the order of the file. */
  readonly order: readonly number[];
  /** By parameter index: what must hold for it to be active. */
  readonly conditions: readonly (readonly ResolvedCondition[])[];
  readonly relations: readonly Relation[];
}

/**
 * Checks a space and works out the order in which its parameters can be chosen.
 *
 * @param relations like "width >= 16 * depth"; see `parseRelation`
 * @throws {SpaceError} naming the first parameter that is wrong
 */
export function createSpace(params: readonly ParamSpec[], relations: readonly string[] = []): Space {
  const indexOf = new Map<string, number>();
  for (const [index, param] of params.entries()) {
    if (indexOf.has(param.name)) throw new SpaceError(`parameter ${param.name} is defined twice`, param.name);
    checkParam(param);
    indexOf.set(param.name, index);
  }
  const conditions = params.map((param) => (param.when ?? []).map((when) => resolve(param, when, params, indexOf)));
  return {
    params,
    indexOf,
    order: topologicalOrder(params, conditions),
    conditions,
    relations: relations.map((text) => parseRelation(text, params, indexOf)),
  };
}

/** Whether a parameter is active, given the values of its parents. */
export function isActive(space: Space, index: number, values: Values): boolean {
  for (const condition of space.conditions[index]!) {
    const value = values[condition.parent];
    if (value === undefined || !testHolds(condition.test, value)) return false;
  }
  return true;
}

export function testHolds(test: Test, value: ParamValue): boolean {
  if ('in' in test) return test.in.includes(value);
  if (typeof value !== 'number') return false;
  switch (test.op) {
    case '<':
      return value < test.value;
    case '<=':
      return value <= test.value;
    case '>':
      return value > test.value;
    case '>=':
      return value >= test.value;
    case '!=':
      return value !== test.value;
  }
}

function checkParam(param: ParamSpec): void {
  const fault = paramFault(param);
  if (fault !== undefined) throw new SpaceError(`parameter ${param.name}: ${fault}`, param.name);
}

function paramFault(param: ParamSpec): string | undefined {
  if (param.name === '') return 'the name must not be empty';
  if (param.kind === 'categorical') {
    if (param.choices.length === 0) return 'choices must not be empty';
    const twice = param.choices.find((choice, i) => param.choices.indexOf(choice) !== i);
    if (twice !== undefined) return `choice ${JSON.stringify(twice)} is listed twice`;
    if (param.choices.some(Number.isNaN)) return 'NaN cannot be a choice';
    return undefined;
  }
  const { low, high, log, step } = param;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return `low ${low} and high ${high} must be finite`;
  if (low > high) return `low ${low} must be <= high ${high}`;
  if (!Number.isFinite(high - low)) return `high - low must be finite; low is ${low}, high is ${high}`;
  if (log && low <= 0) return `low ${low} must be > 0 on a logarithmic scale`;
  if (step !== undefined && !(step > 0 && Number.isFinite(step))) return `step ${step} must be > 0`;
  if (param.kind === 'int') {
    for (const [what, value] of Object.entries({ low, high, step })) {
      if (!Number.isSafeInteger(value)) return `${what} ${value} must be an integer within 2^53`;
    }
  }
  return undefined;
}

function resolve(
  child: ParamSpec,
  condition: Condition,
  params: readonly ParamSpec[],
  indexOf: ReadonlyMap<string, number>,
): ResolvedCondition {
  const parent = indexOf.get(condition.param);
  if (parent === undefined) {
    const known = params.map((param) => param.name).join(', ');
    throw new SpaceError(
      `parameter ${child.name} depends on ${condition.param}, which does not exist; known: ${known}`,
      child.name,
    );
  }
  return { parent, test: condition.test };
}

/**
 * As if the file was swept through again and again, each time placing what has all its parents: a space without
 * conditions keeps its order. In one pass, because the sweep that places a parameter follows from its parents'.
 */
function topologicalOrder(
  params: readonly ParamSpec[],
  conditions: readonly (readonly ResolvedCondition[])[],
): readonly number[] {
  const children: number[][] = params.map(() => []);
  const waitsFor = conditions.map((list) => list.length);
  for (const [index, list] of conditions.entries()) for (const { parent } of list) children[parent]!.push(index);
  const sweeps = params.map(() => 0);
  const ready = [...params.keys()].filter((index) => waitsFor[index] === 0);
  const placed = new Set(ready);
  for (const parent of placed) {
    for (const child of children[parent]!) {
      sweeps[child] = Math.max(sweeps[child]!, sweeps[parent]! + Number(parent > child));
      if (--waitsFor[child]! === 0) placed.add(child);
    }
  }
  if (placed.size < params.length) throw cycleError(params, conditions, placed);
  return [...params.keys()].sort((a, b) => sweeps[a]! - sweeps[b]! || a - b);
}

function cycleError(
  params: readonly ParamSpec[],
  conditions: readonly (readonly ResolvedCondition[])[],
  placed: ReadonlySet<number>,
): SpaceError {
  // Every parameter left waits for another one left, so walking from parent to parent must come back to itself.
  const walk: number[] = [];
  let at = params.findIndex((_, index) => !placed.has(index));
  while (!walk.includes(at)) {
    walk.push(at);
    at = conditions[at]!.find(({ parent }) => !placed.has(parent))!.parent;
  }
  const cycle = [...walk.slice(walk.indexOf(at)), at].map((index) => params[index]!.name);
  return new SpaceError(`the conditions of ${cycle[0]} form a cycle: ${cycle.join(' -> ')}`, cycle[0]);
}
