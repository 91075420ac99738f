import { ordinal } from './figure.js';
import { Follower } from './follower.js';
import type { History, TrialRecord } from './history.js';
import type { Goal } from './param.js';
import type { Promoter, Rest } from './pruner.js';
import { Rungs } from './rungs.js';

const GO_ON: Rest = { pause: false };

/**
 * Asynchronous successive halving as first described, by promotion (Li et al. 2020, algorithm 2): every trial rests at
 * every rung, and whoever has a free worker goes on with the best one that rests among the best 1 / factor of its rung,
 * looking at the highest rung first. No trial is given up: one that is too early for its rung may go on later.
 */
export class PromotionPruner implements Promoter {
  readonly name = 'asha-promotion';
  readonly #rungs: Rungs;
  readonly #factor: number;
  /** By rung, the trials that rest there, the best first. */
  readonly #resting: Resting[][] = [];
  /** By trial number. */
  readonly #restsAt = new Map<number, Resting & { readonly rung: number }>();
  readonly #follower: Follower;

  constructor(minStep: number, factor: number, goal: Goal) {
    this.#factor = factor;
    this.#rungs = new Rungs(minStep, factor, goal);
    this.#follower = new Follower(
      () => {
        this.#resting.length = 0;
        this.#restsAt.clear();
      },
      (trial) => this.#place(trial),
    );
  }

  rest(history: History, number: number): Rest {
    this.#follow(history);
    const rung = this.#rungs.arrivedAt(history.get(number)?.reports ?? []);
    if (rung === undefined) return GO_ON;
    const { place, rivals } = this.#rungs.standing(number, rung);
    const where = `${this.#rungs.describe(number, rung)} (rung ${rung})`;
    return { pause: true, reason: `${where} is the ${ordinal(place)} of ${rivals} and rests until it is promoted` };
  }

  next(history: History): number | undefined {
    this.#follow(history);
    for (let rung = this.#resting.length - 1; rung >= 0; rung--) {
      const best = this.#resting[rung]![0]?.number;
      if (best === undefined) continue;
      const { passes, rivals } = this.#rungs.standing(best, rung);
      if (passes && rivals >= this.#factor) return best;
    }
    return undefined;
  }

  #follow(history: History): void {
    this.#rungs.follow(history);
    this.#follower.follow(history);
  }

  #place(trial: TrialRecord): void {
    const { number } = trial;
    const before = this.#restsAt.get(number);
    if (before !== undefined) {
      const among = this.#resting[before.rung]!;
      among.splice(placeOf(before, among), 1);
      this.#restsAt.delete(number);
    }
    const last = trial.reports.at(-1);
    const rung = trial.status === 'paused' && last !== undefined ? this.#rungs.rungAt(last.step) : -1;
    if (rung < 0) return;
    while (this.#resting.length <= rung) this.#resting.push([]);
    const resting = { number, rung, loss: this.#rungs.lossOf(number, rung)! };
    this.#resting[rung]!.splice(placeOf(resting, this.#resting[rung]!), 0, resting);
    this.#restsAt.set(number, resting);
  }
}

interface Resting {
  readonly number: number;
  readonly loss: number;
}

/** Where one stands, or would stand, among others that are sorted: the first proposed of equal ones comes first. */
function placeOf(one: Resting, sorted: readonly Resting[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { loss, number } = sorted[middle]!;
    if (loss < one.loss || (loss === one.loss && number < one.number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
