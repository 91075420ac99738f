import { Follower } from './follower.js';
import type { History, TrialRecord } from './history.js';
import type { Goal } from './param.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { SortedNumbers } from './sorted-numbers.js';
import { isBetter, type Report } from './trial-value.js';

/**
 * Asynchronous successive halving, the stopping kind (Li et al. 2020, "A system for massively parallel hyperparameter
 * tuning"; the stopping rule as in Syne Tune): rungs stand at the steps minStep, minStep * factor, ...; a trial that
 * reaches one goes on only when it is among the best 1 / factor of all that have reached it, itself included.
 *
 * Until `factor` trials have reached a rung, everyone passes. Trials that failed do not count.
 */
export class AshaPruner implements Pruner {
  readonly name = 'asha';
  readonly #minStep: number;
  readonly #factor: number;
  readonly #goal: Goal;
  /** By rung, the values of those that reached it; losses, so that less is better whatever the goal. */
  readonly #rungs: SortedNumbers[] = [];
  /** By trial number, the losses it is counted with, rung by rung. */
  readonly #counted = new Map<number, number[]>();
  readonly #follower: Follower;

  constructor(minStep: number, factor: number, goal: Goal) {
    this.#minStep = minStep;
    this.#factor = factor;
    this.#goal = goal;
    this.#follower = new Follower(
      () => {
        this.#rungs.length = 0;
        this.#counted.clear();
      },
      (trial) => this.#count(trial),
    );
  }

  judge(history: History, number: number): Verdict {
    this.#follower.follow(history);
    const reports = history.get(number)?.reports ?? [];
    const last = reports.at(-1);
    if (last === undefined) return KEEP;
    const rung = this.#rungAt(last.step);
    const before = reports.at(-2);
    if (rung < 0 || (before !== undefined && this.#rungAt(before.step) === rung)) return KEEP;
    const rivals = this.#rungs[rung]!;
    const own = this.#lossAt(reports, rung)!;
    // As many pass as a factor-th of those who came, at least one; equal values share a fate.
    const passing = Math.floor(rivals.size / this.#factor);
    if (rivals.size < this.#factor || own <= rivals.at(passing - 1)) return KEEP;
    const place = rivals.countBelow(own) + 1;
    const value = this.#goal === 'maximize' ? -own : own;
    return {
      prune: true,
      reason: `value ${Number.isFinite(own) ? value : 'missing'} at rung ${rung} (step ${this.#stepOf(rung)}) is ${place}. of ${rivals.size}; the best ${passing} go on`,
    };
  }

  #stepOf(rung: number): number {
    return this.#minStep * this.#factor ** rung;
  }

  /** The highest rung at or below a step; -1 below the first. */
  #rungAt(step: number): number {
    let rung = -1;
    while (this.#stepOf(rung + 1) <= step) rung++;
    return rung;
  }

  /** The best loss up to the first report at or past a rung; +Infinity when no value there is a number. */
  #lossAt(reports: readonly Report[], rung: number): number | undefined {
    const step = this.#stepOf(rung);
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
    const counted = this.#counted.get(trial.number) ?? [];
    const last = trial.status === 'failed' ? undefined : trial.reports.at(-1);
    const reached = last === undefined ? 0 : this.#rungAt(last.step) + 1;
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
