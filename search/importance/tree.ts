import { levels } from '../domain.js';
import type { Rng } from '../rng.js';
import type { Space } from '../space.js';
import { type ActiveRegion, activeRegions, covers, criticalPlaces, edgeAfter, levelAtUnit } from './region.js';

/** Cases to grow trees from. Weights are how often a case was drawn; a case without weight plays no part. */
export interface Cases {
  /** By parameter index, then case: its code (see `Codec`). */
  readonly columns: readonly Float64Array[];
  readonly values: Float64Array;
}

/** A box of the space, and the value predicted in it. */
export interface Node {
  readonly value: number;
  /** By parameter index: its part of the unit scale; all of it, [0, 1], for a categorical parameter. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** By parameter index: whether each choice is in the box; undefined for numbers. */
  readonly choices: readonly (readonly boolean[] | undefined)[];
  /** The two boxes that fill this one; absent in a leaf. */
  readonly parts?: { readonly param: number; readonly left: Node; readonly right: Node };
}

export interface Tree {
  readonly root: Node;
  /** They fill the space without overlapping. */
  readonly leaves: readonly Node[];
}

/** What growing needs to know of a space. */
export interface Terrain {
  readonly space: Space;
  /** Parameters with more than one value. */
  readonly free: readonly number[];
  readonly active: readonly ActiveRegion[];
  readonly critical: ReadonlyMap<number, readonly number[]>;
}

export function terrainOf(space: Space): Terrain {
  const active = activeRegions(space);
  const free = [...space.params.keys()].filter((index) => levels(space.params[index]!) > 1);
  return { space, free, active, critical: criticalPlaces(active) };
}

/** Share of the parameters that are compared for a split; the rest is left out to make trees differ. */
const COMPARED = 5 / 6;
/** Least number of cases, by weight, in a leaf. */
const SMALLEST = 2;

type Box = Pick<Node, 'low' | 'high' | 'choices'>;

interface Split {
  readonly param: number;
  readonly gain: number;
  /** Numbers: the codes on either side of the cut. */
  readonly below: number;
  readonly above: number;
  /** Choices that go left. */
  readonly left: readonly boolean[] | undefined;
}

/** A node's cases in an order, with their sum and weight. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly sum: number;
  readonly weight: number;
}

/**
 * A regression tree (Breiman et al. 1984) grown until leaves are small or agree.
 *
 * A parameter divides a box only where it is active all over it, so that what being active does is its parents' doing
 * and the box where it is inactive is a cell of its own. Choices are divided in the order of their means, which finds
 * the best of all divisions (Fisher 1958).
 */
export function growTree(terrain: Terrain, cases: Cases, weights: Float64Array, rng: Rng): Tree {
  return new Grower(terrain, cases, weights, rng).grow();
}

class Grower {
  readonly #terrain: Terrain;
  readonly #cases: Cases;
  readonly #weights: Float64Array;
  readonly #rng: Rng;
  /** By place in `terrain.free`: cases in ascending order of the parameter, a node's cases being next to each other. */
  readonly #orders: readonly Int32Array[];
  readonly #goesLeft: Uint8Array;
  readonly #spare: Int32Array;
  readonly #leaves: Node[] = [];

  constructor(terrain: Terrain, cases: Cases, weights: Float64Array, rng: Rng) {
    this.#terrain = terrain;
    this.#cases = cases;
    this.#weights = weights;
    this.#rng = rng;
    const drawn = Int32Array.from(weights.keys()).filter((i) => weights[i]! > 0);
    // NaN, inactive, sorts last; such cases are gone from a node before the parameter is looked at.
    const place = (code: number) => (Number.isNaN(code) ? 2e9 : code);
    this.#orders = terrain.free.map((param) => {
      const column = cases.columns[param]!;
      return drawn.slice().sort((a, b) => place(column[a]!) - place(column[b]!) || a - b);
    });
    this.#goesLeft = new Uint8Array(weights.length);
    this.#spare = new Int32Array(drawn.length);
  }

  grow(): Tree {
    const { space } = this.#terrain;
    const all: Box = {
      low: new Float64Array(space.params.length),
      high: new Float64Array(space.params.length).fill(1),
      choices: space.params.map((param) => (param.kind === 'categorical' ? param.choices.map(() => true) : undefined)),
    };
    return { root: this.#node(0, this.#spare.length, all), leaves: this.#leaves };
  }

  #node(start: number, end: number, box: Box): Node {
    const value = this.#mean(start, end);
    const split = this.#bestSplit(start, end, box);
    if (split === undefined) {
      const leaf = { ...box, value };
      this.#leaves.push(leaf);
      return leaf;
    }
    const middle = this.#partition(start, end, split);
    const [leftBox, rightBox] = this.#divide(box, split);
    const left = this.#node(start, middle, leftBox);
    const right = this.#node(middle, end, rightBox);
    return { ...box, value, parts: { param: split.param, left, right } };
  }

  #mean(start: number, end: number): number {
    const { sum, weight } = this.#sums(start, end);
    return weight === 0 ? 0 : sum / weight;
  }

  #sums(start: number, end: number, order = this.#orders[0]): { sum: number; weight: number; spread: number } {
    let sum = 0;
    let weight = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = start; order !== undefined && at < end; at++) {
      const value = this.#cases.values[order[at]!]!;
      sum += this.#weights[order[at]!]! * value;
      weight += this.#weights[order[at]!]!;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return { sum, weight, spread: most - least };
  }

  #bestSplit(start: number, end: number, box: Box): Split | undefined {
    const { sum, weight, spread } = this.#sums(start, end);
    if (!(spread > 0) || weight < 2 * SMALLEST) return undefined;
    const { free } = this.#terrain;
    const places = shuffled(free.length, this.#rng);
    let left = Math.ceil(COMPARED * free.length);
    // A division must do more than rounding does.
    let best: Split | undefined;
    let gain = (sum * sum) / weight + 1e-9 * spread * spread;
    for (const place of places) {
      if (left === 0) break;
      const param = free[place]!;
      const order = this.#orders[place]!;
      const column = this.#cases.columns[param]!;
      const barrier = this.#barrier(param, box);
      if (barrier === 'several' || column[order[start]!] === column[order[end - 1]!]) continue;
      left -= 1;
      const range = { start, end, sum, weight };
      const found =
        barrier === undefined
          ? this.#splitOn(param, order, range, box)
          : this.#activate(param, barrier, order, range, box);
      if (found !== undefined && found.gain > gain) {
        best = found;
        gain = found.gain;
      }
    }
    return best;
  }

  #splitOn(param: number, order: Int32Array, range: Range, box: Box): Split | undefined {
    return box.choices[param] === undefined
      ? this.#cutNumbers(param, order, range)
      : this.#divideChoices(param, order, range);
  }

  /** The ancestor that keeps a parameter from being active all over a box; undefined when it is. */
  #barrier(param: number, box: Box): number | 'several' | undefined {
    let barrier: number | undefined;
    for (const [ancestor, region] of this.#terrain.active[param]!) {
      const choices = box.choices[ancestor];
      const inside =
        choices === undefined || region.kind === 'intervals'
          ? covers(region, box.low[ancestor]!, box.high[ancestor]!)
          : choices.every((within, choice) => !within || region.allowed[choice]);
      if (inside) continue;
      if (barrier !== undefined) return 'several';
      barrier = ancestor;
    }
    return barrier;
  }

  /**
   * Divides at the ancestor that a parameter waits for, with the gain of dividing at the parameter next. Without that
   * look ahead, an ancestor that does nothing by itself would hardly ever open the way.
   */
  #activate(param: number, ancestor: number, order: Int32Array, range: Range, box: Box): Split | undefined {
    const column = this.#cases.columns[param]!;
    const { start, end } = range;
    let last = start;
    while (last < end && !Number.isNaN(column[order[last]!])) last += 1;
    if (last === start || last === end) return undefined;
    const active = this.#sums(start, last, order);
    const idle = range.weight - active.weight;
    if (active.weight < SMALLEST || idle < SMALLEST) return undefined;
    const next = this.#splitOn(param, order, { start, end: last, ...active }, box);
    const inner = next?.gain ?? active.sum ** 2 / active.weight;
    const gain = inner + (range.sum - active.sum) ** 2 / idle;
    const region = this.#terrain.active[param]!.get(ancestor)!;
    if (region.kind === 'choices') return { param: ancestor, gain, below: 0, above: 0, left: region.allowed };
    const [low, high] = [box.low[ancestor]!, box.high[ancestor]!];
    const cut = region.intervals.flat().find((at) => low < at && at < high);
    return cut === undefined ? undefined : { param: ancestor, gain, below: cut, above: cut, left: undefined };
  }

  #cutNumbers(param: number, order: Int32Array, { start, end, sum, weight }: Range): Split | undefined {
    const column = this.#cases.columns[param]!;
    let best: Split | undefined;
    let leftSum = 0;
    let leftWeight = 0;
    for (let at = start; at < end - 1; at++) {
      const one = order[at]!;
      leftSum += this.#weights[one]! * this.#cases.values[one]!;
      leftWeight += this.#weights[one]!;
      const below = column[one]!;
      const above = column[order[at + 1]!]!;
      if (below === above || leftWeight < SMALLEST || weight - leftWeight < SMALLEST) continue;
      const gain = leftSum ** 2 / leftWeight + (sum - leftSum) ** 2 / (weight - leftWeight);
      if (best === undefined || gain > best.gain) best = { param, gain, below, above, left: undefined };
    }
    return best;
  }

  #divideChoices(param: number, order: Int32Array, { start, end, sum, weight }: Range): Split | undefined {
    const column = this.#cases.columns[param]!;
    const groups = new Map<number, { choice: number; sum: number; weight: number }>();
    for (let at = start; at < end; at++) {
      const one = order[at]!;
      const choice = column[one]!;
      const group = groups.get(choice) ?? { choice, sum: 0, weight: 0 };
      group.sum += this.#weights[one]! * this.#cases.values[one]!;
      group.weight += this.#weights[one]!;
      groups.set(choice, group);
    }
    const sorted = [...groups.values()].sort((a, b) => a.sum / a.weight - b.sum / b.weight || a.choice - b.choice);
    let cut = 0;
    let gain = Number.NEGATIVE_INFINITY;
    let leftSum = 0;
    let leftWeight = 0;
    for (const [i, group] of sorted.slice(0, -1).entries()) {
      leftSum += group.sum;
      leftWeight += group.weight;
      if (leftWeight < SMALLEST || weight - leftWeight < SMALLEST) continue;
      const found = leftSum ** 2 / leftWeight + (sum - leftSum) ** 2 / (weight - leftWeight);
      if (found > gain) [gain, cut] = [found, i + 1];
    }
    if (cut === 0) return undefined;
    // Choices that no case here has go where most cases go.
    const weightLeft = sorted.slice(0, cut).reduce((total, group) => total + group.weight, 0);
    const spec = this.#terrain.space.params[param]!;
    const left = Array.from({ length: levels(spec) }, () => 2 * weightLeft > weight);
    for (const [i, { choice }] of sorted.entries()) left[choice] = i < cut;
    return { param, gain, below: 0, above: 0, left };
  }

  /** Sorts a node's cases into those that go left and those that go right, in every order. */
  #partition(start: number, end: number, split: Split): number {
    const column = this.#cases.columns[split.param]!;
    const any = this.#orders[0]!;
    for (let at = start; at < end; at++) {
      const one = any[at]!;
      const left = split.left === undefined ? column[one]! <= split.below : split.left[column[one]!];
      this.#goesLeft[one] = left ? 1 : 0;
    }
    let middle = start;
    for (const order of this.#orders) {
      middle = start;
      let right = 0;
      for (let at = start; at < end; at++) {
        const one = order[at]!;
        if (this.#goesLeft[one] === 1) order[middle++] = one;
        else this.#spare[right++] = one;
      }
      order.set(this.#spare.subarray(0, right), middle);
    }
    return middle;
  }

  #divide(box: Box, split: Split): [Box, Box] {
    const { param, left } = split;
    if (left !== undefined) {
      const within = box.choices[param]!;
      const part = (side: boolean): Box => ({
        ...box,
        choices: box.choices.with(
          param,
          within.map((is, choice) => is && left[choice] === side),
        ),
      });
      return [part(true), part(false)];
    }
    const cut = this.#cutBetween(split);
    const high = box.high.slice();
    high[param] = cut;
    const low = box.low.slice();
    low[param] = cut;
    return [
      { ...box, high },
      { ...box, low },
    ];
  }

  /** Where a condition changes its answer, if that is between two codes; else the middle, between two whole steps. */
  #cutBetween({ param, below, above }: Split): number {
    for (const place of this.#terrain.critical.get(param) ?? []) if (below <= place && place <= above) return place;
    const spec = this.#terrain.space.params[param]!;
    if (spec.kind === 'categorical' || levels(spec) === Number.POSITIVE_INFINITY) return (below + above) / 2;
    const [first, last] = [levelAtUnit(spec, below), levelAtUnit(spec, above)];
    return edgeAfter(spec, first + Math.floor((last - first - 1) / 2));
  }
}

/** 0 to n - 1 in random order (Fisher and Yates). */
function shuffled(n: number, rng: Rng): number[] {
  const numbers = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
  }
  return numbers;
}
