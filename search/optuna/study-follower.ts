import type { History, TrialRecord } from '../history.js';
import type { Space } from '../space.js';
import { type Distribution, toInternal } from './distribution.js';
import { newTrial, Study, type Trial } from './study.js';

/** What those who hang on to a followed study want to be told, in the order of the history's changes. */
export interface StudyHooks {
  /** Before a trial that is new is added. */
  readonly proposed?: (study: Study, record: TrialRecord) => void;
  /** After it has been added. */
  readonly added?: (trial: Trial, record: TrialRecord) => void;
  /** At each of the history's changes to it. */
  readonly visited?: (trial: Trial) => void;
  readonly ended?: (study: Study, trial: Trial) => void;
}

/**
 * Keeps a study in Optuna's terms up to date with a history. Trials that wait again, run or pause are all RUNNING to
 * Optuna, which knows no lost attempts; enqueued ones that have not begun are WAITING; numbers that are missing failed.
 *
 * Proposals and ends come in the order in which the history saw them, whether it is followed change by change or all at
 * once: what depends on that order, like the groups of a multivariate sampler, is a function of the history.
 */
export class StudyFollower {
  readonly #origin: string | undefined;
  readonly #space: Space | undefined;
  readonly #distributions: readonly Distribution[];
  readonly #hooks: StudyHooks;
  #history: History | undefined;
  #study: Study;
  #seen = 0;

  /**
   * @param origin whose waiting trials have been asked for already
   * @param space  whose parameters are wanted, with their `distributions`; undefined when only reports are
   */
  constructor(
    origin: string | undefined,
    space: Space | undefined,
    distributions: readonly Distribution[],
    hooks: StudyHooks,
  ) {
    this.#origin = origin;
    this.#space = space;
    this.#distributions = distributions;
    this.#hooks = hooks;
    this.#study = new Study('', false);
  }

  /** @param begin called before another history than the last is read */
  follow(history: History, begin: () => void, name = ''): Study {
    if (history !== this.#history) {
      begin();
      this.#history = history;
      this.#study = new Study(name, history.goal === 'maximize');
      this.#seen = 0;
    }
    const last = new Map<number, number>();
    for (let i = this.#seen; i < history.revision; i++) last.set(history.changed(i), i);
    for (; this.#seen < history.revision; this.#seen++) {
      const number = history.changed(this.#seen);
      this.#visit(history.get(number)!, last.get(number) === this.#seen);
    }
    return this.#study;
  }

  #visit(record: TrialRecord, isLast: boolean): void {
    const study = this.#study;
    const known = study.trials[record.number];
    if (known === undefined || known.distributions === ABSENT) this.#add(record);
    const trial = study.trials[record.number]!;
    if (trial.state === 'WAITING' && record.status !== 'waiting') {
      trial.state = 'RUNNING';
      study.changed(trial);
    }
    this.#hooks.visited?.(trial);
    // A trial that has ended does not change any more, so its last change is its end.
    if (!isLast) return;
    copyReports(record, trial);
    if (record.status === 'complete' || record.status === 'pruned' || record.status === 'failed')
      this.#end(record, trial);
  }

  #add(record: TrialRecord): void {
    const study = this.#study;
    this.#hooks.proposed?.(study, record);
    while (study.trials.length < record.number) study.trials.push(absent(study.trials.length));
    const waits = record.status === 'waiting' && this.#origin !== undefined && record.origin !== this.#origin;
    const trial = newTrial(record.number, waits ? 'WAITING' : 'RUNNING');
    for (const [index, { name }] of this.#space?.params.entries() ?? []) {
      const value = Object.hasOwn(record.params, name) ? record.params[name] : undefined;
      if (value === undefined) continue;
      trial.params.set(name, toInternal(this.#distributions[index]!, value));
      trial.distributions.set(name, this.#distributions[index]!);
    }
    study.trials[record.number] = trial;
    this.#hooks.added?.(trial, record);
    study.changed(trial);
  }

  #end(record: TrialRecord, trial: Trial): void {
    if (record.status === 'complete') this.#study.tell(trial, 'COMPLETE', record.value);
    else this.#study.tell(trial, record.status === 'pruned' ? 'PRUNED' : 'FAIL');
    this.#hooks.ended?.(this.#study, trial);
  }
}

/** Shared by the places of numbers that no trial has, so that they can be told from trials. */
const ABSENT: Trial['distributions'] = new Map();

function absent(number: number): Trial {
  return { ...newTrial(number, 'FAIL'), distributions: ABSENT };
}

function copyReports({ reports }: TrialRecord, trial: Trial): void {
  trial.steps.length = 0;
  trial.values.length = 0;
  for (const { step, value } of reports) {
    trial.steps.push(step);
    trial.values.push(value);
  }
}
