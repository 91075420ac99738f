import type { History } from '../history.js';
import { KEEP, type Pruner, type Verdict } from '../pruner.js';
import type { StudyPruner } from './pruners/pruner.js';
import type { Study, Trial } from './study.js';
import { StudyFollower } from './study-follower.js';

/**
 * An Optuna pruner over a history. What Optuna notes on each trial, the values with which it completed its rungs, is
 * worked out from the trial's reports, and what it settles once, as soon as it is known how long trials are, from the
 * first trial to complete: a verdict is a function of the history.
 *
 * Where Optuna was asked after each report, that is what it noted, but for a trial that was stopped by the very report
 * with which it completed two rungs or more: on which of them is not in the history, and the lowest is taken.
 */
export class HistoryPruner implements Pruner {
  readonly name: string;
  readonly #make: () => StudyPruner;
  readonly #studyName: string;
  readonly #follower: StudyFollower;
  #pruner: StudyPruner;
  /** Trials whose notes may be out of date. */
  readonly #changed = new Set<Trial>();
  /** How many of the history's changes each trial has had, and had had when everything was settled. */
  readonly #changes = new Map<Trial, number>();
  #changesBefore: ReadonlyMap<Trial, number> | undefined;

  /** @param make makes a pruner that knows nothing yet; called once for each history */
  constructor(name: string, make: () => StudyPruner, studyName: string) {
    this.name = name;
    this.#make = make;
    this.#studyName = studyName;
    this.#pruner = make();
    this.#follower = new StudyFollower(undefined, undefined, [], {
      visited: (trial) => {
        this.#changes.set(trial, (this.#changes.get(trial) ?? 0) + 1);
        this.#changed.add(trial);
      },
      ended: (study) => this.#settle(study.trials),
    });
  }

  judge(history: History, number: number): Verdict {
    const study = this.#follower.follow(history, () => this.#begin(), this.#studyName);
    const trial = study.trials[number];
    if (trial === undefined) throw new Error(`trial ${number} is not in this history`);
    this.#climb(study, trial);
    const reason = this.#pruner.prune(study, trial, study.trials);
    return reason === undefined ? KEEP : { prune: true, reason };
  }

  #begin(): void {
    this.#pruner = this.#make();
    this.#changed.clear();
    this.#changes.clear();
    this.#changesBefore = undefined;
    this.#settle([]);
  }

  #settle(trials: readonly Trial[]): void {
    if (this.#changesBefore === undefined && this.#pruner.settle?.(trials) === true) {
      this.#changesBefore = new Map(this.#changes);
    }
  }

  /** Brings the notes on all trials that have changed up to date; on the one to be judged, without its last report. */
  #climb(study: Study, judged: Trial): void {
    if (this.#pruner.climb === undefined || this.#changesBefore === undefined) return;
    for (const trial of this.#changed.add(judged)) {
      const reports = trial.steps.length - (trial === judged ? 1 : 0);
      trial.rungs = [];
      for (let i = this.#reportsBefore(trial); i < reports; i++) this.#pruner.climb(study, trial, i, study.trials);
    }
    this.#changed.clear();
    this.#changed.add(judged);
  }

  /** Every change since is a report, but for the end; a trial that began again since has none from before. */
  #reportsBefore(trial: Trial): number {
    const before = this.#changesBefore?.get(trial) ?? 0;
    const since = this.#changes.get(trial)! - before - (trial.state === 'RUNNING' ? 0 : 1);
    return before === 0 ? 0 : Math.max(0, trial.steps.length - since);
  }
}
