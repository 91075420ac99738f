import { contains, type Distribution, type External, isSingle, singleValue, toInternal } from './distribution.js';

export type State = 'WAITING' | 'RUNNING' | 'COMPLETE' | 'PRUNED' | 'FAIL';

/** A trial as Optuna's samplers and pruners know it. Parameter values are internal ones. */
export interface Trial {
  readonly number: number;
  state: State;
  /** Of a COMPLETE trial, and of a PRUNED one that has a report. */
  value: number | undefined;
  readonly params: Map<string, number>;
  /** Of the same names, in the order in which they were suggested. */
  readonly distributions: Map<string, Distribution>;
  /** In ascending order, with `values` beside them. */
  readonly steps: number[];
  readonly values: number[];
  /** What an enqueued trial was enqueued with. */
  fixed?: ReadonlyMap<string, External>;
  /** Values above 0 violate. */
  constraints?: Map<string, number>;
  /** What was sampled jointly, once that has been tried. */
  relative?: Map<string, number>;
  /** What other trials see of `relative` while this one runs. */
  shared?: Map<string, number>;
  gridId?: number;
  /** Its place in the order of telling, where that is known: a history that is read anew has forgotten it. */
  told?: number;
  /** By rung of successive halving: the value with which the trial completed it. */
  rungs?: (number | undefined)[];
}

export interface StudySampler {
  beforeTrial?(study: Study, trial: Trial): void;
  /** Samples jointly what can be, before the trial's first parameter is decided. */
  sampleRelative(study: Study, trial: Trial): Map<string, number>;
  sampleIndependent(study: Study, trial: Trial, name: string, distribution: Distribution): number;
}

/**
 * A study in Optuna's own order of events: ask, suggest, report, tell. Samplers that keep something derived from it
 * follow `journal`, which names the trial of every change.
 */
export class Study {
  readonly name: string;
  readonly maximize: boolean;
  readonly trials: Trial[] = [];
  readonly journal: number[] = [];
  /** COMPLETE or PRUNED. */
  observed = 0;
  #firstWaiting = 0;

  constructor(name: string, maximize: boolean) {
    this.name = name;
    this.maximize = maximize;
  }

  enqueue(fixed: ReadonlyMap<string, External>): void {
    this.trials.push({ ...newTrial(this.trials.length, 'WAITING'), fixed });
  }

  ask(sampler: StudySampler): Trial {
    const trial = this.#nextWaiting() ?? newTrial(this.trials.length, 'RUNNING');
    if (trial.number === this.trials.length) this.trials.push(trial);
    trial.state = 'RUNNING';
    this.changed(trial);
    sampler.beforeTrial?.(this, trial);
    return trial;
  }

  /** The internal value of a parameter, the same each time it is asked for in a trial. */
  suggest(sampler: StudySampler, trial: Trial, name: string, distribution: Distribution): number {
    const known = trial.params.get(name);
    if (known !== undefined) return known;
    const value = this.#decide(sampler, trial, name, distribution);
    trial.params.set(name, value);
    trial.distributions.set(name, distribution);
    this.changed(trial);
    return value;
  }

  /** The first value of a step stays. */
  report(trial: Trial, step: number, value: number): void {
    let at = trial.steps.length;
    while (at > 0 && trial.steps[at - 1]! > step) at--;
    if (at > 0 && trial.steps[at - 1] === step) return;
    trial.steps.splice(at, 0, step);
    trial.values.splice(at, 0, value);
  }

  /** @param value of a COMPLETE trial; one without a number fails instead */
  tell(trial: Trial, state: 'COMPLETE' | 'PRUNED' | 'FAIL', value?: number): void {
    const last = state === 'PRUNED' ? trial.values.at(-1) : value;
    const number = state === 'FAIL' || last === undefined || Number.isNaN(last) ? undefined : last;
    trial.state = state === 'COMPLETE' && number === undefined ? 'FAIL' : state;
    trial.value = number;
    delete trial.shared;
    delete trial.relative;
    if (trial.state !== 'FAIL') this.observed++;
    this.changed(trial);
  }

  /** To be called when a trial has been changed from outside. One that is not in the study concerns nobody. */
  changed(trial: Trial): void {
    if (this.trials[trial.number] === trial) this.journal.push(trial.number);
  }

  #nextWaiting(): Trial | undefined {
    while (this.#firstWaiting < this.trials.length) {
      const trial = this.trials[this.#firstWaiting]!;
      if (trial.state === 'WAITING') return trial;
      this.#firstWaiting++;
    }
    return undefined;
  }

  #decide(sampler: StudySampler, trial: Trial, name: string, distribution: Distribution): number {
    const fixed = trial.fixed?.get(name);
    if (fixed !== undefined) return toInternal(distribution, fixed);
    if (isSingle(distribution)) return singleValue(distribution);
    trial.relative ??= sampler.sampleRelative(this, trial);
    const relative = trial.relative.get(name);
    // A value that rounding took out of the range is drawn again, alone.
    if (relative !== undefined && contains(distribution, relative)) return relative;
    return sampler.sampleIndependent(this, trial, name, distribution);
  }
}

export function newTrial(number: number, state: State): Trial {
  return {
    number,
    state,
    value: undefined,
    params: new Map(),
    distributions: new Map(),
    steps: [],
    values: [],
  };
}
