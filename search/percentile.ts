import { figure } from './figure.js';
import { Follower } from './follower.js';
import type { History, TrialRecord } from './history.js';
import type { Goal } from './param.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { isDue, type Schedule } from './schedule.js';
import { SortedNumbers } from './sorted-numbers.js';
import { isBetter, type Report, trialValue } from './trial-value.js';

/**
 * Stops a trial whose best value so far is worse than a percentile of what the complete trials had reached by the same
 * step (the median rule of Golovin et al. 2017, "Google Vizier", section 3.2.2, with bests in place of averages).
 */
export class PercentilePruner implements Pruner {
  readonly name: string;
  readonly #percentile: number;
  readonly #schedule: Schedule;
  readonly #goal: Goal;
  readonly #complete: TrialRecord[] = [];
  readonly #counted = new Set<number>();
  readonly #columns = new Map<number, Column>();
  readonly #follower: Follower;

  /** @param percentile in (0, 100): the trial must be among the best so many percent */
  constructor(name: string, percentile: number, schedule: Schedule, goal: Goal) {
    this.name = name;
    this.#percentile = percentile;
    this.#schedule = schedule;
    this.#goal = goal;
    this.#follower = new Follower(
      () => {
        this.#complete.length = 0;
        this.#counted.clear();
        this.#columns.clear();
      },
      (trial) => {
        if (trial.status !== 'complete' || this.#counted.has(trial.number)) return;
        this.#counted.add(trial.number);
        this.#complete.push(trial);
      },
    );
  }

  judge(history: History, number: number): Verdict {
    const reports = history.get(number)?.reports ?? [];
    if (!isDue(this.#schedule, reports)) return KEEP;
    this.#follower.follow(history);
    if (this.#complete.length < this.#schedule.startupTrials) return KEEP;
    const { step } = reports.at(-1)!;
    const values = this.#columnAt(step);
    if (values.size === 0) return KEEP;
    const own = trialValue(reports, this.#goal, 'best');
    if (own === undefined) return { prune: true, reason: `no value that is a number up to step ${step}` };
    const share = this.#goal === 'maximize' ? 100 - this.#percentile : this.#percentile;
    const limit = values.quantile(share / 100);
    if (!isBetter(limit, own.value, this.#goal)) return KEEP;
    const what = this.#percentile === 50 ? 'the median' : `the best ${this.#percentile} %`;
    return {
      prune: true,
      reason: `best value ${figure(own.value)} up to step ${step} is behind ${what} of ${values.size} trials, ${figure(limit)}`,
    };
  }

  /** The bests that complete trials had reached when they reported this step; each is looked at once per step. */
  #columnAt(step: number): SortedNumbers {
    let column = this.#columns.get(step);
    if (column === undefined) {
      column = { values: new SortedNumbers(), seen: 0 };
      this.#columns.set(step, column);
    }
    const added: number[] = [];
    for (; column.seen < this.#complete.length; column.seen++) {
      const best = bestAt(this.#complete[column.seen]!.reports, step, this.#goal);
      if (best !== undefined) added.push(best);
    }
    column.values.addAll(added);
    return column.values;
  }
}

interface Column {
  readonly values: SortedNumbers;
  /** Complete trials looked at. */
  seen: number;
}

/** The best value up to a step of a trial that went on to it or beyond. */
function bestAt(reports: readonly Report[], step: number, goal: Goal): number | undefined {
  const last = reports.at(-1);
  if (last === undefined || last.step < step) return undefined;
  let best: number | undefined;
  for (const report of reports) {
    if (report.step > step) break;
    if (!Number.isNaN(report.value) && (best === undefined || isBetter(report.value, best, goal))) best = report.value;
  }
  return best;
}
