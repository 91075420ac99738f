import { ordinal } from './figure.js';
import type { History } from './history.js';
import type { Goal } from './param.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { Rungs } from './rungs.js';

/**
 * Asynchronous successive halving, the stopping kind (Li et al. 2020, "A system for massively parallel hyperparameter
 * tuning"; the stopping rule as in Syne Tune): a trial that reaches a rung goes on only when it is among the best
 * 1 / factor of all that have reached it, itself included. Until `factor` trials have, everyone passes.
 */
export class AshaPruner implements Pruner {
  readonly name = 'asha';
  readonly #rungs: Rungs;

  constructor(minStep: number, factor: number, goal: Goal) {
    this.#rungs = new Rungs(minStep, factor, goal);
  }

  judge(history: History, number: number): Verdict {
    this.#rungs.follow(history);
    return judgeOn(this.#rungs, history, number);
  }
}

/** Stops a trial that has just reached a rung and is not among those that go on. */
export function judgeOn(rungs: Rungs, history: History, number: number, ladder = ''): Verdict {
  const rung = rungs.arrivedAt(history.get(number)?.reports ?? []);
  if (rung === undefined) return KEEP;
  const { place, rivals, passing, passes } = rungs.standing(number, rung);
  if (passes) return KEEP;
  const where = `${rungs.describe(number, rung)} (rung ${rung}${ladder})`;
  return { prune: true, reason: `${where} is the ${ordinal(place)} of ${rivals}; the best ${passing} go on` };
}
