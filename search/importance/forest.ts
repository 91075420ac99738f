import type { History, TrialRecord } from '../history.js';
import { Codec } from '../model/codec.js';
import type { Goal } from '../param.js';
import { Rng } from '../rng.js';
import type { Space } from '../space.js';
import { growTree, type Terrain, type Tree, terrainOf } from './tree.js';

export interface ForestOptions {
  /** An integer in [0, 2^53); the forest is a function of it and the history. Default 0. */
  readonly seed?: number;
  /** Default 32. */
  readonly trees?: number;
  /** Trials looked at, drawn at random from the complete ones when there are more. Default 1000. */
  readonly trials?: number;
}

/** Trees grown from a study's complete trials, which predict its value. */
export interface Forest {
  readonly terrain: Terrain;
  readonly trees: readonly Tree[];
  /** Trials it was grown from. */
  readonly trials: number;
}

/** With fewer complete trials than this there is nothing to be said. */
export const FEWEST_TRIALS = 8;

const TREES = 32;
const MOST_TRIALS = 1000;
/** A stream of random numbers that no trial uses. */
const PURPOSE = 5;

interface Known {
  readonly revision: number;
  readonly key: string;
  readonly space: Space;
  readonly forest: Forest | undefined;
}

const forests = new WeakMap<History, Known>();

/**
 * The forest of a history; the last one is kept, because several charts are drawn from the same.
 *
 * Pruned trials are left out, since an early value is not comparable with a final one, and so are values that are not
 * finite. What is far worse than the rest, beyond Tukey's outer fence (the third quartile and three times the distance
 * between the quartiles), counts as being on it: a run that diverged says bad, not how bad.
 *
 * @returns undefined when fewer than `FEWEST_TRIALS` trials are of use
 */
export function forestOf(space: Space, history: History, goal: Goal, options: ForestOptions): Forest | undefined {
  const key = JSON.stringify([goal, options.seed, options.trees, options.trials]);
  const known = forests.get(history);
  if (known?.revision === history.revision && known.key === key && known.space === space) return known.forest;
  const forest = growForest(space, history, goal, options);
  forests.set(history, { revision: history.revision, key, space, forest });
  return forest;
}

function growForest(space: Space, history: History, goal: Goal, options: ForestOptions): Forest | undefined {
  const { seed = 0, trees = TREES, trials: most = MOST_TRIALS } = options;
  const useful = [...history.trials()].filter(isUseful);
  if (useful.length < FEWEST_TRIALS) return undefined;
  const trials = drawn(useful, most, new Rng(seed, 0, PURPOSE));
  const codec = new Codec(space);
  const columns = space.params.map(() => new Float64Array(trials.length));
  for (const [i, { params }] of trials.entries()) {
    for (const [index, code] of codec.encode(params).entries()) columns[index]![i] = code;
  }
  const values = fenced(
    Float64Array.from(trials, ({ value }) => value!),
    goal,
  );
  const terrain = terrainOf(space);
  const grown = Array.from({ length: trees }, (_, tree) => {
    const rng = new Rng(seed, tree + 1, PURPOSE);
    const weights = new Float64Array(trials.length);
    for (let i = 0; i < trials.length; i++) weights[rng.below(trials.length)]! += 1;
    return growTree(terrain, { columns, values }, weights, rng);
  });
  return { terrain, trees: grown, trials: trials.length };
}

function isUseful({ status, value }: TrialRecord): boolean {
  return status === 'complete' && value !== undefined && Number.isFinite(value);
}

/** At most so many, at random, in their order. */
function drawn(trials: readonly TrialRecord[], most: number, rng: Rng): readonly TrialRecord[] {
  let open = Math.min(most, trials.length);
  return trials.filter((_, i) => {
    const taken = rng.below(trials.length - i) < open;
    if (taken) open -= 1;
    return taken;
  });
}

function fenced(values: Float64Array, goal: Goal): Float64Array {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const reach = 3 * (at(0.75) - at(0.25));
  if (reach === 0) return values;
  return goal === 'minimize'
    ? values.map((value) => Math.min(value, at(0.75) + reach))
    : values.map((value) => Math.max(value, at(0.25) - reach));
}
