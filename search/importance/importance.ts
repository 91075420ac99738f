import type { History } from '../history.js';
import type { Goal } from '../param.js';
import type { Space } from '../space.js';
import { type ForestOptions, forestOf } from './forest.js';
import { varianceOf } from './variance.js';

/** What one parameter has of the variance of a study's value over the whole space. */
export interface Importance {
  readonly param: string;
  /** What it does by itself, in [0, 1]. */
  readonly share: number;
  /** What it does together with others, in [0, 1]; an interaction counts in full for each of those that take part. */
  readonly interactionShare: number;
}

/**
 * Which parameters matter, by functional ANOVA: a forest predicts the study's value all over the space, and the
 * variance of each tree is divided among the parameters exactly, from its leaves. Shares are of the variance of all
 * trees together, so a tree that has next to none says next to nothing.
 *
 * Every parameter counts as uniform on its own scale, a logarithmic one included, whether it is active or not, and what
 * relations exclude counts like the rest. A conditional parameter does nothing where it is inactive; what its being
 * active does is its parents' share.
 *
 * The cost is bounded by `options.trials`, the most trials that are looked at: half a second to a second for a thousand.
 *
 * @returns the most important first, equal ones in the order of the space; shares of 0 when all trials came to the
 *   same; nothing at all when fewer than eight trials are complete with a finite value
 * @see Hutter, Hoos and Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance"
 */
export function importance(space: Space, history: History, goal: Goal, options: ForestOptions = {}): Importance[] {
  const forest = forestOf(space, history, goal, options);
  if (forest === undefined) return [];
  const alone = new Float64Array(space.params.length);
  const inAll = new Float64Array(space.params.length);
  let total = 0;
  for (const tree of forest.trees) {
    const variance = varianceOf(tree, space.params.length);
    total += variance.total;
    for (const index of alone.keys()) {
      alone[index]! += variance.alone[index]!;
      inAll[index]! += variance.inAll[index]!;
    }
  }
  const shares = space.params.map(({ name }, index) => ({
    param: name,
    share: total > 0 ? alone[index]! / total : 0,
    interactionShare: total > 0 ? Math.max(0, inAll[index]! - alone[index]!) / total : 0,
  }));
  return shares.sort((a, b) => b.share - a.share);
}
