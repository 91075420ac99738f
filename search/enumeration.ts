import { levelOf, levels, valueAt } from './domain.js';
import { type ParamSpec, type ParamValue, SpaceError, type Test, type Values } from './param.js';
import { type Space, testHolds } from './space.js';

/** The values that one parameter takes on a grid. */
export interface Axis {
  readonly count: number;
  valueAt(level: number): ParamValue;
  /** -1 when the value is not one of them. */
  levelOf(value: ParamValue): number;
}

/** The axis of all values of a parameter that has finitely many. */
export function axisOf(param: ParamSpec): Axis {
  return {
    count: levels(param),
    valueAt: (level) => valueAt(param, level),
    levelOf: (value) => {
      const level = levelOf(param, value);
      return level >= 0 && valueAt(param, level) === value ? level : -1;
    },
  };
}

/** A parent with more values than this would need too large a table. */
const MOST_PARENT_LEVELS = 100_000;
/** As many times a value is put to a condition, over all parents. */
const MOST_TESTS = 1_000_000;
/**
 * As many answers of parents are looked at to tell the different situations of conditions apart; a tree of conditions
 * has one or two situations for a parameter.
 */
const MOST_ANSWERS = 100_000;

/**
 * Numbers the configurations of a finite space from 0 to `size - 1` without listing them. An inactive parameter adds no
 * configurations. The last parameter in the space's order changes fastest.
 *
 * The numbers come from a decision diagram: a node stands for a place in the order and what the conditions further on
 * still need to know of the choices so far, and counts the ways to complete a configuration from there.
 */
export class Enumeration {
  /** Number of configurations, relations left aside; an integer below 2^53. */
  readonly size: number;
  readonly #space: Space;
  readonly #axes: readonly Axis[];
  readonly #root: Node;
  /** By relation: the place in the order at which its last parameter has been chosen. */
  readonly #decided: readonly number[];

  /**
   * @param axes by parameter index
   * @throws {SpaceError} when there are infinitely or too many configurations, or too tangled conditions, to be numbered
   */
  constructor(space: Space, axes: readonly Axis[]) {
    this.#space = space;
    this.#axes = axes;
    for (const [index, { count }] of axes.entries()) {
      if (Number.isFinite(count)) continue;
      const { name } = space.params[index]!;
      throw new SpaceError(`parameter ${name} has infinitely many values; a step would make them finite`, name);
    }
    this.#root = new Diagram(space, axes).root;
    this.size = this.#root.count;
    if (this.size > Number.MAX_SAFE_INTEGER) {
      throw new SpaceError(`there are ${this.size} configurations, too many to number; at most 2^53 can be`);
    }
    const place = new Map(space.order.map((index, position) => [index, position]));
    this.#decided = space.relations.map(({ params }) => Math.max(...params.map((index) => place.get(index)!)));
  }

  /** The configuration with this number. */
  at(index: number): Values {
    return this.#walk(index, undefined);
  }

  /** The number of a configuration; -1 when it is not on the grid. */
  indexOf(values: Values): number {
    let index = 0;
    let node = this.#root;
    for (const param of this.#space.order) {
      if (!node.active) {
        node = node.children[0]!;
        continue;
      }
      const value = values[param];
      const level = value === undefined ? -1 : this.#axes[param]!.levelOf(value);
      if (level < 0) return -1;
      index += before(node, level);
      node = child(node, level);
    }
    return index;
  }

  /**
   * The first configuration from `index` on, `index` included, that satisfies the relations, and its number. Whole
   * blocks are passed over in which the choices so far already violate one.
   */
  firstFrom(index: number): { readonly index: number; readonly values: Values } | undefined {
    const blockEnds: number[] = [];
    for (let at = index; at < this.size; ) {
      const values = this.#walk(at, blockEnds);
      const violated = this.#earliestViolation(values);
      if (violated === undefined) return { index: at, values };
      at = blockEnds[violated]!;
    }
    return undefined;
  }

  #earliestViolation(values: Values): number | undefined {
    let earliest: number | undefined;
    for (const [i, relation] of this.#space.relations.entries()) {
      const decided = this.#decided[i]!;
      if ((earliest === undefined || decided < earliest) && !relation.holds(values)) earliest = decided;
    }
    return earliest;
  }

  /** @param blockEnds receives, by place in the order, the number after the last one that shares the choices so far */
  #walk(index: number, blockEnds: number[] | undefined): Values {
    const values: Values = this.#space.params.map(() => undefined);
    let node = this.#root;
    let rest = index;
    for (const [position, param] of this.#space.order.entries()) {
      if (node.active) {
        const level = levelAt(node, rest);
        rest -= before(node, level);
        values[param] = this.#axes[param]!.valueAt(level);
        node = child(node, level);
      } else node = node.children[0]!;
      if (blockEnds !== undefined) blockEnds[position] = index - rest + node.count;
    }
    return values;
  }
}

interface Node {
  /** Ways to complete a configuration from here. */
  readonly count: number;
  readonly active: boolean;
  /** One for each class of the parameter's values that later conditions tell apart. */
  readonly children: readonly Node[];
  /** Class by level; absent when there is one class only. */
  readonly classes?: Uint32Array | undefined;
  /** Completions before each level; absent when there is one class only. */
  readonly offsets?: Float64Array | undefined;
}

function before(node: Node, level: number): number {
  return node.offsets === undefined ? level * node.children[0]!.count : node.offsets[level]!;
}

function child(node: Node, level: number): Node {
  return node.children[node.classes === undefined ? 0 : node.classes[level]!]!;
}

function levelAt(node: Node, rest: number): number {
  if (node.offsets === undefined) return Math.floor(rest / node.children[0]!.count);
  let low = 0;
  let high = node.offsets.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (node.offsets[middle]! <= rest) low = middle;
    else high = middle;
  }
  return low;
}

/** How later conditions divide the values of a parameter. */
interface Division {
  readonly classes: Uint32Array;
  /** A value of each class, to put conditions to. */
  readonly example: readonly ParamValue[];
}

const END: Node = { count: 1, active: false, children: [] };

class Diagram {
  readonly root: Node;
  readonly #space: Space;
  readonly #axes: readonly Axis[];
  /** By parameter index; undefined for those nothing depends on. */
  readonly #divisions: readonly (Division | undefined)[];
  /** By place in the order: parameters chosen before that conditions from here on depend on. */
  readonly #relevant: readonly (readonly number[])[];
  readonly #nodes: readonly Map<string, Node>[];
  /** By parameter index, the class of the value chosen on the way here; -1 for inactive ones. */
  readonly #seen: Int32Array;
  #answers = 0;

  constructor(space: Space, axes: readonly Axis[]) {
    this.#space = space;
    this.#axes = axes;
    this.#divisions = divideAll(space, axes);
    this.#relevant = relevantParents(space);
    this.#nodes = space.order.map(() => new Map());
    this.#seen = new Int32Array(space.params.length).fill(-1);
    this.root = this.#node(0);
  }

  #node(position: number): Node {
    if (position === this.#space.order.length) return END;
    const relevant = this.#relevant[position]!;
    this.#answers += 1 + relevant.length;
    if (this.#answers > MOST_ANSWERS) {
      throw new SpaceError('the conditions depend on each other in too many ways to number the configurations');
    }
    let key = '';
    for (const parent of relevant) key += `${this.#seen[parent]!},`;
    const nodes = this.#nodes[position]!;
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const node = this.#build(position);
    nodes.set(key, node);
    return node;
  }

  #build(position: number): Node {
    const param = this.#space.order[position]!;
    const division = this.#divisions[param];
    const next = (answer: number): Node => {
      this.#seen[param] = answer;
      return this.#node(position + 1);
    };
    if (!this.#isActive(param)) {
      const only = next(-1);
      return { count: only.count, active: false, children: [only] };
    }
    const { count } = this.#axes[param]!;
    if (division === undefined || division.example.length === 1) {
      const only = next(0);
      return { count: count * only.count, active: true, children: [only] };
    }
    const children = division.example.map((_, answer) => next(answer));
    const offsets = new Float64Array(count + 1);
    for (let level = 0; level < count; level++) {
      offsets[level + 1] = offsets[level]! + children[division.classes[level]!]!.count;
    }
    return { count: offsets[count]!, active: true, children, classes: division.classes, offsets };
  }

  #isActive(param: number): boolean {
    return this.#space.conditions[param]!.every(({ parent, test }) => {
      const answer = this.#seen[parent]!;
      return answer >= 0 && testHolds(test, this.#divisions[parent]!.example[answer]!);
    });
  }
}

function divideAll(space: Space, axes: readonly Axis[]): readonly (Division | undefined)[] {
  const tests: Test[][] = space.params.map(() => []);
  for (const { parent, test } of space.conditions.flat()) tests[parent]!.push(test);
  let put = 0;
  return space.params.map(({ name }, index) => {
    const own = tests[index]!;
    const axis = axes[index]!;
    if (own.length === 0) return undefined;
    if (axis.count > MOST_PARENT_LEVELS) {
      throw new SpaceError(`parameter ${name} has ${axis.count} values, too many for one that others depend on`, name);
    }
    put += own.length * axis.count;
    if (put > MOST_TESTS) {
      throw new SpaceError(`parameter ${name} has too many values for the ${own.length} conditions on it`, name);
    }
    return divide(own, axis);
  });
}

/** How tests divide the values of an axis. */
function divide(tests: readonly Test[], axis: Axis): Division {
  const known = new Map<string, number>();
  const example: ParamValue[] = [];
  const classes = new Uint32Array(axis.count);
  for (let level = 0; level < axis.count; level++) {
    const value = axis.valueAt(level);
    const answers = tests.map((test) => (testHolds(test, value) ? '1' : '0')).join('');
    let found = known.get(answers);
    if (found === undefined) {
      found = known.size;
      known.set(answers, found);
      example.push(value);
    }
    classes[level] = found;
  }
  return { classes, example };
}

function relevantParents(space: Space): readonly (readonly number[])[] {
  const relevant: number[][] = [];
  const needed = new Set<number>();
  for (let position = space.order.length - 1; position >= 0; position--) {
    const param = space.order[position]!;
    for (const { parent } of space.conditions[param]!) needed.add(parent);
    needed.delete(param);
    relevant[position] = [...needed];
  }
  return relevant;
}
