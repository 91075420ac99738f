import { judgeOn } from './asha.js';
import type { History } from './history.js';
import type { Goal } from './param.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { Rungs } from './rungs.js';

/**
 * Hyperband with brackets that are filled asynchronously (Li et al. 2018, "Hyperband", and 2020): each trial belongs to
 * one of several ladders, the first rung of each `factor` times as far as the last one's, so that what starts slowly has
 * a chance somewhere. Trials compete within their bracket only.
 *
 * A bracket gets as many trials as Hyperband gives it, about the same training for each. Which bracket a trial belongs to
 * depends on its number alone: any stretch of numbers is divided in nearly the right shares.
 */
export class HyperbandPruner implements Pruner {
  readonly name = 'hyperband';
  readonly #brackets: readonly Rungs[];
  /** By bracket, the share of trials in it and in those before. */
  readonly #upTo: readonly number[];

  constructor(minStep: number, factor: number, brackets: number, goal: Goal) {
    this.#upTo = cumulativeShares(factor, brackets);
    this.#brackets = Array.from(
      { length: brackets },
      (_, bracket) =>
        new Rungs(minStep * factor ** bracket, factor, goal, (number) => this.#bracketOf(number) === bracket),
    );
  }

  judge(history: History, number: number): Verdict {
    const bracket = this.#bracketOf(number);
    const rungs = this.#brackets[bracket]!;
    if (history.get(number) === undefined) return KEEP;
    rungs.follow(history);
    return judgeOn(rungs, history, number, ` of bracket ${bracket}`);
  }

  #bracketOf(number: number): number {
    // Multiples of the golden ratio fill the unit interval evenly from any number on (Weyl's sequence).
    const place = ((number + 0.5) * GOLDEN) % 1;
    return this.#upTo.findIndex((share) => place < share);
  }
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Hyperband's n = (brackets / (halvings + 1)) * factor^halvings trials, where a bracket halves the less the later it begins. */
function cumulativeShares(factor: number, brackets: number): number[] {
  const sizes = Array.from({ length: brackets }, (_, bracket) => {
    const halvings = brackets - 1 - bracket;
    return factor ** halvings / (halvings + 1);
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  const upTo = sizes.map((size) => {
    before += size;
    return before / total;
  });
  upTo[brackets - 1] = 1;
  return upTo;
}
