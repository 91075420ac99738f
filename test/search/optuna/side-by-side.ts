import { createSpace, History, type Params, Rng, type Sampler, type Space } from '../../../search/index.js';
import { type Distribution, toExternal } from '../../../search/optuna/distribution.js';
import { Study, type StudySampler, type Trial } from '../../../search/optuna/study.js';

/** All kinds of parameters that Optuna knows, and conditions. */
export function optunaSpace(): Space {
  return createSpace([
    { name: 'lr', kind: 'float', low: 1e-5, high: 1, log: true },
    { name: 'dropout', kind: 'float', low: 0, high: 0.5, log: false, step: 0.05 },
    { name: 'optimizer', kind: 'categorical', choices: ['sgd', 'adam', 'rmsprop'] },
    {
      name: 'momentum',
      kind: 'float',
      low: 0.1,
      high: 0.99,
      log: false,
      when: [{ param: 'optimizer', test: { in: ['sgd', 'rmsprop'] } }],
    },
    { name: 'depth', kind: 'int', low: 1, high: 4, log: false, step: 1 },
    { name: 'width', kind: 'int', low: 16, high: 1000, log: true, step: 1 },
    { name: 'fixed', kind: 'categorical', choices: ['only'] },
    {
      name: 'skip',
      kind: 'int',
      low: 0,
      high: 40,
      log: false,
      step: 10,
      when: [{ param: 'depth', test: { op: '>', value: 2 } }],
    },
  ]);
}

export function finiteSpace(): Space {
  return createSpace([
    { name: 'b', kind: 'int', low: 1, high: 3, log: false, step: 1 },
    { name: 'a', kind: 'categorical', choices: ['x', 'y'] },
    { name: 'rate', kind: 'float', low: 0.1, high: 0.3, log: false, step: 0.1 },
  ]);
}

/**
 * Plays a search with some trials running at a time, in a history and in a study that is used as Optuna's own is, and
 * shows both suggestions for each trial.
 */
export class SideBySide {
  readonly history: History = new History('minimize', 'last');
  readonly study: Study = new Study('', false);
  readonly #space: Space;
  readonly #distributions: readonly Distribution[];
  readonly #rng: Rng;
  #running: Trial[] = [];

  constructor(space: Space, distributions: readonly Distribution[], seed: number) {
    this.#space = space;
    this.#distributions = distributions;
    this.#rng = new Rng(seed, 0);
  }

  /** @returns false when the history's sampler has nothing left */
  next(ours: Sampler, theirs: StudySampler, compare: (ours: Params, theirs: Params) => void): boolean {
    const number = this.study.trials.length;
    const suggestion = ours.suggest(this.history, number);
    if (suggestion === undefined) return false;
    const trial = this.study.ask(theirs);
    const params: Record<string, string | number | boolean> = {};
    for (const [index, { name }] of this.#space.params.entries()) {
      // What is active does not differ as long as the suggestions do not.
      if (!Object.hasOwn(suggestion.params, name)) continue;
      const distribution = this.#distributions[index]!;
      params[name] = toExternal(distribution, this.study.suggest(theirs, trial, name, distribution)) ?? 'null';
    }
    compare(suggestion.params, params);
    this.history.propose(number, suggestion.params, ours.name, suggestion.draws);
    if (this.#rng.next() < 0.8) this.history.start(number);
    this.#running.push(trial);
    while (this.#running.length > 3 || this.#rng.next() < 0.3) if (!this.#endOne()) break;
    return true;
  }

  #endOne(): boolean {
    const [trial] = this.#running.splice(this.#rng.below(this.#running.length), 1);
    if (trial === undefined) return false;
    const { number } = trial;
    this.history.start(number);
    const steps = this.#rng.below(4);
    for (let step = 1; step <= steps; step++) {
      const value = this.#rng.next() < 0.1 ? Number.NaN : Math.round(this.#rng.normal() * 8) / 8;
      this.history.report(number, step, value);
      this.study.report(trial, step, value);
    }
    const end = this.#rng.next();
    const state = end < 0.7 ? 'COMPLETE' : end < 0.9 ? 'PRUNED' : 'FAIL';
    this.study.tell(trial, state, trial.values.at(-1));
    this.history.end(number, state === 'COMPLETE' ? 'complete' : state === 'PRUNED' ? 'pruned' : 'failed');
    return true;
  }
}
