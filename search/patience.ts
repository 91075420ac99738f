import { figure } from './figure.js';
import type { History } from './history.js';
import type { Goal } from './param.js';
import { KEEP, type Pruner, type Verdict } from './pruner.js';
import { isBetter } from './trial-value.js';

/** Stops a trial whose last so many reports brought no progress over its best before them. */
export class PatiencePruner implements Pruner {
  readonly name = 'patience';
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #goal: Goal;

  /**
   * @param patience reports without progress that are one too many
   * @param minDelta by how much a report must beat the best so far to count as progress, in the metric's unit
   */
  constructor(patience: number, minDelta: number, goal: Goal) {
    this.#patience = patience;
    this.#minDelta = minDelta;
    this.#goal = goal;
  }

  judge(history: History, number: number): Verdict {
    const reports = history.get(number)?.reports ?? [];
    let best: number | undefined;
    let bestStep = 0;
    let without = 0;
    for (const { step, value } of reports) {
      if (this.#isProgress(value, best)) {
        best = value;
        bestStep = step;
        without = 0;
      } else without++;
    }
    if (without < this.#patience) return KEEP;
    const since =
      best === undefined ? 'no value that is a number' : `no better than ${figure(best)} of step ${bestStep}`;
    return { prune: true, reason: `${since} in the last ${without} reports` };
  }

  #isProgress(value: number, best: number | undefined): boolean {
    if (Number.isNaN(value)) return false;
    if (best === undefined) return true;
    return isBetter(value, this.#goal === 'maximize' ? best + this.#minDelta : best - this.#minDelta, this.#goal);
  }
}
