import { figure } from './figure.js';
import { Follower } from './follower.js';
import type { History, TrialRecord } from './history.js';
import { forecast } from './learning-curve.js';
import type { Goal } from './param.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { isDue, type Schedule } from './schedule.js';
import { SortedNumbers } from './sorted-numbers.js';
import type { Report } from './trial-value.js';

/**
 * Stops a trial whose learning curve, drawn out to the end, will not reach the best complete trial's value, with a
 * confidence that is asked for.
 *
 * The curve is drawn out as a power law of the step. How far such a forecast from this step is to be trusted is not taken
 * from the fit but from the complete trials: the same forecast is made for each of them, and how much better than it they
 * came out is known. With n of these differences, k of them too small for this trial to reach the best, it stays behind
 * with confidence (k + 1) / (n + 2) (Laplace's rule of succession; the idea is split conformal prediction's, Vovk et al.
 * 2005). The complete trials are a choice of the better ones where much is stopped, so that the confidence is theirs.
 */
export class ExtrapolationPruner implements Pruner {
  readonly name = 'extrapolation';
  readonly #confidence: number;
  readonly #schedule: Schedule;
  readonly #goal: Goal;
  /** The best losses so far of the complete trials, by step. */
  readonly #complete: Report[][] = [];
  readonly #counted = new Set<number>();
  /** By step, by how much the complete trials' final losses came out less than forecast. */
  readonly #surprises = new Map<number, { readonly values: SortedNumbers; seen: number }>();
  #best = Number.POSITIVE_INFINITY;
  /** The last step of any complete trial. */
  #end = 0;
  readonly #follower: Follower;

  /** @param confidence in (0, 1) that a trial stays behind, above which it is stopped */
  constructor(confidence: number, schedule: Schedule, goal: Goal) {
    this.#confidence = confidence;
    this.#schedule = schedule;
    this.#goal = goal;
    this.#follower = new Follower(
      () => {
        this.#complete.length = 0;
        this.#counted.clear();
        this.#surprises.clear();
        this.#best = Number.POSITIVE_INFINITY;
        this.#end = 0;
      },
      (trial) => this.#count(trial),
    );
  }

  judge(history: History, number: number): Verdict {
    const reports = history.get(number)?.reports ?? [];
    if (!isDue(this.#schedule, reports)) return KEEP;
    this.#follower.follow(history);
    if (this.#complete.length < this.#schedule.startupTrials) return KEEP;
    const losses = this.#lossesOf(reports);
    if (losses.length === 0) return KEEP;
    const { step } = reports.at(-1)!;
    const surprises = this.#surprisesAt(step);
    const expected = forecast(losses, this.#end);
    const behind = surprises.countBelow(expected - this.#best);
    const confidence = (behind + 1) / (surprises.size + 2);
    if (confidence < this.#confidence) return KEEP;
    const sign = this.#goal === 'maximize' ? -1 : 1;
    // Rounded down: what is stated is not to be more than what is known.
    const percent = Math.floor(1000 * confidence) / 10;
    return {
      prune: true,
      reason:
        `on course from step ${step} for ${figure(sign * expected)} at step ${this.#end}; behind the best, ` +
        `${figure(sign * this.#best)}, with ${percent} % confidence from ${surprises.size} complete trials`,
    };
  }

  #count(trial: TrialRecord): void {
    if (trial.status !== 'complete' || this.#counted.has(trial.number)) return;
    this.#counted.add(trial.number);
    const losses = this.#lossesOf(trial.reports);
    const last = losses.at(-1);
    if (last === undefined) return;
    this.#complete.push(losses);
    this.#best = Math.min(this.#best, last.value);
    if (last.step <= this.#end) return;
    this.#end = last.step;
    // All forecasts have been for an end that was too early.
    this.#surprises.clear();
  }

  /** Each complete trial is looked at once per step. */
  #surprisesAt(step: number): SortedNumbers {
    let column = this.#surprises.get(step);
    if (column === undefined) {
      column = { values: new SortedNumbers(), seen: 0 };
      this.#surprises.set(step, column);
    }
    const added: number[] = [];
    for (; column.seen < this.#complete.length; column.seen++) {
      const losses = this.#complete[column.seen]!;
      const known = losses.filter((loss) => loss.step <= step);
      if (known.length > 0) added.push(forecast(known, this.#end) - losses.at(-1)!.value);
    }
    column.values.addAll(added);
    return column.values;
  }

  /** The best loss so far at each report, from the first that is a finite number on. */
  #lossesOf(reports: readonly Report[]): Report[] {
    const losses: Report[] = [];
    for (const { step, value } of reports) {
      const loss = this.#goal === 'maximize' ? -value : value;
      const before = losses.at(-1)?.value;
      if (Number.isFinite(loss)) losses.push({ step: Math.max(1, step), value: Math.min(loss, before ?? loss) });
      else if (before !== undefined) losses.push({ step, value: before });
    }
    return losses;
  }
}
