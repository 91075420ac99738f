import { fromUnit, levelOf, levels, toUnit, valueAt } from '../domain.js';
import type { FloatParam, IntParam, ParamSpec, Test } from '../param.js';
import { type Space, testHolds } from '../space.js';

/** A part of one parameter's unit scale: choices by number, or intervals in ascending order. */
export type Region =
  | { readonly kind: 'choices'; readonly allowed: readonly boolean[] }
  | { readonly kind: 'intervals'; readonly intervals: readonly (readonly [low: number, high: number])[] };

/** Where a parameter is active: what each of its ancestors, by index, must be within. All must hold. */
export type ActiveRegion = ReadonlyMap<number, Region>;

/** Interval ends come from logarithms and back. */
const TOLERANCE = 1e-12;

/** By parameter index. Conditions are conjunctions, so where a parameter is active is a product of regions. */
export function activeRegions(space: Space): readonly ActiveRegion[] {
  const regions: ActiveRegion[] = [];
  for (const index of space.order) {
    let region: ActiveRegion = new Map();
    for (const { parent, test } of space.conditions[index]!) {
      region = both(region, regions[parent]!);
      region = both(region, new Map([[parent, regionOf(space.params[parent]!, test)]]));
    }
    regions[index] = region;
  }
  return regions;
}

/** Where two parameters are active together. */
export function both(a: ActiveRegion, b: ActiveRegion): ActiveRegion {
  const joint = new Map(a);
  for (const [index, region] of b) {
    const other = joint.get(index);
    joint.set(index, other === undefined ? region : intersect(other, region));
  }
  return joint;
}

/** Whether a value's place (see `Codec`) lies in a region. */
export function contains(region: Region, code: number): boolean {
  if (region.kind === 'choices') return region.allowed[code] === true;
  return region.intervals.some(([low, high]) => code >= low - TOLERANCE && code <= high + TOLERANCE);
}

/** Whether an interval lies in a region of intervals. */
export function covers(region: Region, low: number, high: number): boolean {
  if (region.kind === 'choices') return false;
  return region.intervals.some((interval) => interval[0] <= low + TOLERANCE && high - TOLERANCE <= interval[1]);
}

function intersect(a: Region, b: Region): Region {
  if (a.kind === 'choices') {
    return {
      kind: 'choices',
      allowed: a.allowed.map((allowed, i) => allowed && b.kind === 'choices' && b.allowed[i]!),
    };
  }
  if (b.kind === 'choices') return b;
  const intervals = a.intervals.flatMap(([low, high]) =>
    b.intervals.flatMap((other) => {
      const cut = [Math.max(low, other[0]), Math.min(high, other[1])] as const;
      return cut[0] < cut[1] ? [cut] : [];
    }),
  );
  return { kind: 'intervals', intervals };
}

/** The place on the unit scale where the values numbered up to `level` end and those after it begin. */
export function edgeAfter(param: FloatParam | IntParam, level: number): number {
  if (level < 0) return 0;
  if (level >= levels(param) - 1) return 1;
  return toUnit(param, Number(valueAt(param, level)) + param.step! / 2);
}

function regionOf(param: ParamSpec, test: Test): Region {
  if (param.kind === 'categorical') {
    return { kind: 'choices', allowed: param.choices.map((choice) => testHolds(test, choice)) };
  }
  const count = levels(param);
  if (Number.isFinite(count)) return { kind: 'intervals', intervals: levelIntervals(param, test, count) };
  // Single values of a real parameter have no share of its scale.
  if ('in' in test) return { kind: 'intervals', intervals: [] };
  if (test.op === '!=') return { kind: 'intervals', intervals: [[0, 1]] };
  const at = placeOf(param, test.value);
  const interval = test.op === '<' || test.op === '<=' ? ([0, at] as const) : ([at, 1] as const);
  return { kind: 'intervals', intervals: interval[0] < interval[1] ? [interval] : [] };
}

function placeOf(param: FloatParam | IntParam, value: number): number {
  if (value <= param.low) return 0;
  return value >= param.high ? 1 : toUnit(param, value);
}

/** Neighbouring values that pass become one interval. */
function levelIntervals(
  param: FloatParam | IntParam,
  test: Test,
  count: number,
): readonly (readonly [number, number])[] {
  const ranges = 'in' in test ? listed(param, test.in) : compared(param, test, count);
  const joined: [number, number][] = [];
  for (const [first, last] of ranges) {
    const previous = joined.at(-1);
    if (previous !== undefined && previous[1] === first - 1) previous[1] = last;
    else if (first <= last) joined.push([first, last]);
  }
  return joined.map(([first, last]) => [edgeAfter(param, first - 1), edgeAfter(param, last)]);
}

function listed(param: FloatParam | IntParam, values: readonly unknown[]): [number, number][] {
  const found = values.flatMap((value) => {
    if (typeof value !== 'number') return [];
    const level = levelOf(param, value);
    return valueAt(param, level) === value ? [level] : [];
  });
  return found.sort((a, b) => a - b).map((level) => [level, level]);
}

function compared(
  param: FloatParam | IntParam,
  test: Extract<Test, { readonly op: string }>,
  count: number,
): [number, number][] {
  const near = levelOf(param, test.value);
  const holds = (level: number): boolean => testHolds(test, valueAt(param, level));
  if (test.op === '!=') {
    const without: [number, number][] = [
      [0, near - 1],
      [near + 1, count - 1],
    ];
    return holds(near) ? [[0, count - 1]] : without;
  }
  // The test changes its answer beside the value nearest to it.
  if (test.op === '<' || test.op === '<=') return [[0, holds(near) ? near : near - 1]];
  return [[holds(near) ? near : near + 1, count - 1]];
}

/** Every place at which a condition's answer changes, by parameter index. */
export function criticalPlaces(regions: readonly ActiveRegion[]): ReadonlyMap<number, readonly number[]> {
  const places = new Map<number, Set<number>>();
  for (const region of regions) {
    for (const [index, part] of region) {
      if (part.kind === 'choices') continue;
      const known = places.get(index) ?? new Set();
      for (const interval of part.intervals) for (const end of interval) if (end > 0 && end < 1) known.add(end);
      places.set(index, known);
    }
  }
  return new Map([...places].map(([index, known]) => [index, [...known].sort((a, b) => a - b)]));
}

/** The number of the value at a place of the unit scale. */
export function levelAtUnit(param: FloatParam | IntParam, unit: number): number {
  return levelOf(param, fromUnit(param, unit));
}
