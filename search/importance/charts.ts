import { fromUnit, levels, toUnit, valueAt } from '../domain.js';
import type { History } from '../history.js';
import type { ParamSpec, ParamValue } from '../param.js';
import type { Space } from '../space.js';
import { type Forest, type ForestOptions, forestOf } from './forest.js';
import { type ActiveRegion, both, contains, type Region } from './region.js';
import type { Node, Tree } from './tree.js';
import { shareOf } from './variance.js';

export interface SlicePoint {
  readonly at: ParamValue;
  /** The predicted value there, in the mean over all other parameters where this one is active. */
  readonly mean: number;
  /** Standard deviation of the trees' predictions: how little they agree, for want of trials. */
  readonly spread: number;
}

export interface Contour {
  /** Values of the first parameter. */
  readonly a: readonly ParamValue[];
  /** Values of the second one. */
  readonly b: readonly ParamValue[];
  /** Predicted values, `mean[i][j]` at `a[i]` and `b[j]`; null where the two are never active together. */
  readonly mean: readonly (readonly (number | null)[])[];
}

/** Points along a parameter that has more values than that. */
const SLICE_POINTS = 51;
const CONTOUR_POINTS = 21;

/**
 * How the study's value goes with one parameter, from the forest that `importance` divides.
 *
 * @returns nothing when too few trials are complete, or the parameter is never active
 * @throws {RangeError} when there is no such parameter
 */
export function slice(space: Space, history: History, param: string, options: ForestOptions = {}): SlicePoint[] {
  const index = indexOf(space, param);
  const forest = forestOf(space, history, history.goal, options);
  if (forest === undefined) return [];
  const axis = axisOf(space.params[index]!, SLICE_POINTS);
  const others = otherParams(forest, [index]);
  const region = forest.terrain.active[index]!;
  const columns = forest.trees.map((tree) => along(tree, index, axis, others, region));
  return axis.flatMap(({ value }, i) => {
    const predicted = columns.flatMap((column) => column[i] ?? []);
    if (predicted.length === 0) return [];
    const mean = predicted.reduce((sum, one) => sum + one, 0) / predicted.length;
    const square = predicted.reduce((sum, one) => sum + (one - mean) ** 2, 0) / predicted.length;
    return [{ at: value, mean, spread: Math.sqrt(square) }];
  });
}

/**
 * How the study's value goes with two parameters together.
 *
 * @param points at most so many values of each
 * @returns undefined when too few trials are complete
 * @throws {RangeError} when there is no such parameter, or the two are one
 */
export function contour(
  space: Space,
  history: History,
  a: string,
  b: string,
  points: number = CONTOUR_POINTS,
  options: ForestOptions = {},
): Contour | undefined {
  const first = indexOf(space, a);
  const second = indexOf(space, b);
  if (first === second) throw new RangeError(`a contour needs two parameters, not ${a} twice`);
  const forest = forestOf(space, history, history.goal, options);
  if (forest === undefined) return undefined;
  const { active } = forest.terrain;
  const region = both(active[first]!, active[second]!);
  const rows = axisOf(space.params[first]!, points);
  const columns = axisOf(space.params[second]!, points);
  const others = otherParams(forest, [first, second]);
  const bIsOut = columns.map(({ code }) => !holdsAt(region, second, code));
  const mean = rows.map((row) => {
    const sums = columns.map(() => 0);
    if (!holdsAt(region, first, row.code)) return columns.map(() => null);
    let trees = 0;
    for (const tree of forest.trees) {
      const within = tree.leaves.filter((leaf) => covers(leaf, first, row.code));
      const values = along({ ...tree, leaves: within }, second, columns, others, region);
      if (values.every((value) => value === undefined)) continue;
      trees += 1;
      for (const [j, value] of values.entries()) sums[j]! += value ?? 0;
    }
    return sums.map((sum, j) => (bIsOut[j] || trees === 0 ? null : sum / trees));
  });
  return { a: rows.map(({ value }) => value), b: columns.map(({ value }) => value), mean };
}

interface AxisPoint {
  readonly value: ParamValue;
  /** As in `Codec`. */
  readonly code: number;
}

/** All values of a parameter that has few, else some evenly spaced on its scale, both ends included. */
function axisOf(param: ParamSpec, points: number): readonly AxisPoint[] {
  const count = levels(param);
  const isFew = param.kind === 'categorical' || count <= points;
  const values = Array.from({ length: isFew ? count : points }, (_, i) =>
    isFew ? valueAt(param, i) : fromUnit(param, i / Math.max(1, points - 1)),
  );
  return [...new Set(values)].map((value, i) => ({
    value,
    code: param.kind === 'categorical' ? i : toUnit(param, value),
  }));
}

/** A tree's predictions along one parameter, the others averaged out as far as they are in the region. */
function along(
  tree: Tree,
  param: number,
  axis: readonly AxisPoint[],
  others: readonly number[],
  region: ActiveRegion,
): (number | undefined)[] {
  const sums = axis.map(() => 0);
  const weights = axis.map(() => 0);
  for (const leaf of tree.leaves) {
    let weight = 1;
    for (const other of others) {
      if (weight === 0) break;
      weight *= shareWithin(leaf, other, region.get(other));
    }
    if (weight === 0) continue;
    for (const [i, { code }] of axis.entries()) {
      if (!covers(leaf, param, code)) continue;
      sums[i]! += weight * leaf.value;
      weights[i]! += weight;
    }
  }
  return sums.map((sum, i) => (weights[i] === 0 ? undefined : sum / weights[i]!));
}

/** How much of a parameter's scale lies both in a leaf and in a region. */
function shareWithin(leaf: Node, param: number, region: Region | undefined): number {
  if (region === undefined) return shareOf(leaf, param);
  if (region.kind === 'choices') {
    const within = leaf.choices[param]!;
    return region.allowed.filter((allowed, choice) => allowed && within[choice]).length / within.length;
  }
  let share = 0;
  for (const [low, high] of region.intervals) {
    share += Math.max(0, Math.min(high, leaf.high[param]!) - Math.max(low, leaf.low[param]!));
  }
  return share;
}

function covers(leaf: Node, param: number, code: number): boolean {
  const choices = leaf.choices[param];
  if (choices !== undefined) return choices[code]!;
  const high = leaf.high[param]!;
  return code >= leaf.low[param]! && (code < high || high === 1);
}

function holdsAt(region: ActiveRegion, param: number, code: number): boolean {
  const part = region.get(param);
  return part === undefined || contains(part, code);
}

function otherParams(forest: Forest, chosen: readonly number[]): readonly number[] {
  return forest.terrain.free.filter((index) => !chosen.includes(index));
}

function indexOf(space: Space, param: string): number {
  const index = space.indexOf.get(param);
  if (index !== undefined) return index;
  const known = space.params.map(({ name }) => name).join(', ');
  throw new RangeError(`${param} is no parameter of this space; known: ${known}`);
}
