import { figure } from './figure.js';
import { Follower } from './follower.js';
import type { History, TrialRecord } from './history.js';
import type { Goal } from './param.js';
import { SortedNumbers } from './sorted-numbers.js';
import { isBetter, type Report } from './trial-value.js';

/** Where a trial stands among those that have reached the same rung. */
export interface Standing {
  readonly rung: number;
  /** From 1; equal values share a place. */
  readonly place: number;
  /** Trials that have reached the rung, itself included. */
  readonly rivals: number;
  /** How many of them go on; all of them until there are `factor`. */
  readonly passing: number;
  readonly passes: boolean;
}

/**
 * The ladder of asynchronous successive halving, kept up to date with a history: rungs stand at the steps minStep,
 * minStep * factor, ..., and the best 1 / factor of the trials that reached one go on, at least one of them.
 *
 * What counts at a rung is the best value up to the first report at or past it. Failed trials do not count.
 */
export class Rungs {
  readonly #minStep: number;
  readonly #factor: number;
  readonly #goal: Goal;
  readonly #isRival: (number: number) => boolean;
  /** By rung, the values of those that reached it; losses, so that less is better whatever the goal. */
  readonly #rungs: SortedNumbers[] = [];
  /** By trial number, the losses it is counted with, rung by rung. */
  readonly #counted = new Map<number, number[]>();
  readonly #follower: Follower;

  /** @param isRival which trials compete on this ladder; all of them where there is but one */
  constructor(minStep: number, factor: number, goal: Goal, isRival: (number: number) => boolean = () => true) {
    this.#minStep = minStep;
    this.#factor = factor;
    this.#goal = goal;
    this.#isRival = isRival;
    this.#follower = new Follower(
      () => {
        this.#rungs.length = 0;
        this.#counted.clear();
      },
      (trial) => this.#count(trial),
    );
  }

  follow(history: History): void {
    this.#follower.follow(history);
  }

  /** Rungs that somebody has reached. */
  get height(): number {
    return this.#rungs.length;
  }

  /** The rung that the newest report is the first to reach; undefined when it reaches none. */
  arrivedAt(reports: readonly Report[]): number | undefined {
    const last = reports.at(-1);
    if (last === undefined) return undefined;
    const rung = this.rungAt(last.step);
    const before = reports.at(-2);
    return rung < 0 || (before !== undefined && this.rungAt(before.step) === rung) ? undefined : rung;
  }

  /** The highest rung at or below a step; -1 below the first. */
  rungAt(step: number): number {
    let rung = -1;
    while (this.stepOf(rung + 1) <= step) rung++;
    return rung;
  }

  stepOf(rung: number): number {
    return this.#minStep * this.#factor ** rung;
  }

  /** Of a trial that has reached the rung and is in the history followed last. */
  standing(number: number, rung: number): Standing {
    const rivals = this.#rungs[rung]!;
    const own = this.lossOf(number, rung)!;
    // As many pass as a factor-th of those who came, at least one; equal values share a fate.
    const passing = rivals.size < this.#factor ? rivals.size : Math.floor(rivals.size / this.#factor);
    const passes = own <= rivals.at(passing - 1);
    return { rung, place: rivals.countBelow(own) + 1, rivals: rivals.size, passing, passes };
  }

  /** What a trial counts with at a rung, less being better; +Infinity without a value that is a number. */
  lossOf(number: number, rung: number): number | undefined {
    return this.#counted.get(number)?.[rung];
  }

  /** "0.8125 at step 9", for reasons. */
  describe(number: number, rung: number): string {
    const loss = this.lossOf(number, rung)!;
    const value = Number.isFinite(loss) ? figure(this.#goal === 'maximize' ? -loss : loss) : 'no value';
    return `${value} at step ${this.stepOf(rung)}`;
  }

  /** The best loss up to the first report at or past a rung. */
  #lossAt(reports: readonly Report[], rung: number): number | undefined {
    const step = this.stepOf(rung);
    let best: number | undefined;
    for (const report of reports) {
      if (!Number.isNaN(report.value) && (best === undefined || isBetter(report.value, best, this.#goal))) {
        best = report.value;
      }
      if (report.step < step) continue;
      if (best === undefined) return Number.POSITIVE_INFINITY;
      return this.#goal === 'maximize' ? -best : best;
    }
    return undefined;
  }

  /** Brings the rungs up to date with one trial, whose reports may be new, or gone with a lost attempt. */
  #count(trial: TrialRecord): void {
    if (!this.#isRival(trial.number)) return;
    const counted = this.#counted.get(trial.number) ?? [];
    const last = trial.status === 'failed' ? undefined : trial.reports.at(-1);
    const reached = last === undefined ? 0 : this.rungAt(last.step) + 1;
    if (reached === 0 && counted.length === 0) return;
    for (let rung = 0; rung < Math.max(reached, counted.length); rung++) {
      const loss = rung < reached ? this.#lossAt(trial.reports, rung) : undefined;
      if (loss === counted[rung]) continue;
      const values = this.#rungs[rung] ?? new SortedNumbers();
      this.#rungs[rung] = values;
      const before = counted[rung];
      if (before !== undefined) values.remove(before);
      if (loss !== undefined) values.addAll([loss]);
      if (loss !== undefined) counted[rung] = loss;
    }
    counted.length = reached;
    this.#counted.set(trial.number, counted);
  }
}
