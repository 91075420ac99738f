import { figure } from './figure.js';
import type { History } from './history.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { isDue, type Schedule } from './schedule.js';

/** Stops a trial that reports a value outside [lower, upper], or none that is a number. */
export class ThresholdPruner implements Pruner {
  readonly name = 'threshold';
  readonly #lower: number;
  readonly #upper: number;
  readonly #schedule: Schedule;

  constructor(lower: number, upper: number, schedule: Schedule) {
    this.#lower = lower;
    this.#upper = upper;
    this.#schedule = schedule;
  }

  judge(history: History, number: number): Verdict {
    const reports = history.get(number)?.reports ?? [];
    if (!isDue(this.#schedule, reports)) return KEEP;
    const { step, value } = reports.at(-1)!;
    if (value >= this.#lower && value <= this.#upper) return KEEP;
    return {
      prune: true,
      reason: `value ${figure(value)} at step ${step} is not in [${figure(this.#lower)}, ${figure(this.#upper)}]`,
    };
  }
}
