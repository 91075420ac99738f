import { Follower } from './follower.js';
import { History, type TrialRecord } from './history.js';
import type { Report } from './trial-value.js';

/** How far the repeats of one configuration have come. */
export interface RepeatStanding {
  /** Number of the first trial with this configuration. */
  readonly of: number;
  /** Complete trials, and how many there are to be. */
  readonly complete: number;
  readonly wanted: number;
  /** Of the complete trials' values; undefined while there are none, or where one of them has none that is a number. */
  readonly mean: number | undefined;
}

interface Configuration {
  readonly index: number;
  readonly trials: TrialRecord[];
  /** The first trial's reports as far as they were passed on; another array once it has begun again. */
  curve: readonly Report[];
  passedOn: number;
  settled: boolean;
}

/**
 * Evaluates every configuration several times, for objectives whose value depends on the seed. Each repeat is a trial
 * of its own; what the sampler sees is a history of configurations, each valued by the mean of its trials.
 *
 * The first trial decides whether the others follow: one that was pruned or failed has said enough. A configuration's
 * curve is its first trial's. One that has not had all its repeats, and still may, is open; a repeat that was pruned
 * makes it a pruned one, because the mean of the others would be too good.
 */
export class Repeats {
  readonly #wanted: number;
  readonly #follower: Follower;
  readonly #byTrial = new Map<number, Configuration>();
  /** In the order in which they were proposed first. */
  readonly #configurations: Configuration[] = [];
  /** Those that are not settled. */
  readonly #open = new Set<Configuration>();
  readonly #touched = new Set<Configuration>();
  #followed: History | undefined;
  #history = new History('maximize', 'best');

  /** @param wanted trials of each configuration, 2 or more */
  constructor(wanted: number) {
    this.#wanted = wanted;
    this.#follower = new Follower(
      () => {
        this.#byTrial.clear();
        this.#configurations.length = 0;
        this.#open.clear();
        this.#touched.clear();
      },
      (trial) => this.#visit(trial),
    );
  }

  /** The history that a sampler is to see: configurations in place of trials, numbered from 0 in their order. */
  configurations(history: History): History {
    this.#follow(history);
    return this.#history;
  }

  /**
   * The trial whose configuration is to be repeated next; undefined when a new configuration is worth more.
   *
   * @param left trials that the budget still has. When the repeats that are missing need all of them, they need not wait
   *             for a first trial to complete
   */
  due(history: History, left: number): number | undefined {
    this.#follow(history);
    let missing = 0;
    let waiting: number | undefined;
    for (const { trials } of this.#open) {
      if (!this.#mayGoOn(trials)) continue;
      const [first] = trials;
      if (first!.status === 'complete') return first!.number;
      missing += this.#wanted - trials.length;
      waiting ??= first!.number;
    }
    return left <= missing ? waiting : undefined;
  }

  /** How the configuration of a trial stands; undefined for a trial that the history does not have. */
  standing(history: History, number: number): RepeatStanding | undefined {
    this.#follow(history);
    const configuration = this.#byTrial.get(number);
    if (configuration === undefined) return undefined;
    const { trials } = configuration;
    const complete = trials.filter(({ status }) => status === 'complete');
    return { of: trials[0]!.number, complete: complete.length, wanted: this.#wanted, mean: meanOf(complete) };
  }

  /** The trials that share a trial's configuration, itself included; none for one that the history does not have. */
  siblings(history: History, number: number): readonly number[] {
    this.#follow(history);
    return this.#byTrial.get(number)?.trials.map((trial) => trial.number) ?? [];
  }

  #follow(history: History): void {
    if (history !== this.#followed) this.#history = new History(history.goal, history.kept);
    this.#followed = history;
    this.#follower.follow(history);
    // Only now are all of a configuration's trials known.
    for (const configuration of this.#touched) this.#settle(configuration);
    this.#touched.clear();
  }

  #visit(trial: TrialRecord): void {
    const known = this.#byTrial.get(trial.number);
    const configuration = known ?? this.#add(trial);
    if (configuration.trials[0] === trial) this.#mirror(configuration, trial);
    this.#touched.add(configuration);
  }

  #add(trial: TrialRecord): Configuration {
    const first = trial.repeatOf === undefined ? undefined : this.#byTrial.get(trial.repeatOf);
    const configuration = first ?? this.#begin(trial);
    if (first !== undefined) first.trials.push(trial);
    this.#byTrial.set(trial.number, configuration);
    return configuration;
  }

  #begin(trial: TrialRecord): Configuration {
    const index = this.#configurations.length;
    const configuration = { index, trials: [trial], curve: trial.reports, passedOn: 0, settled: false };
    this.#configurations.push(configuration);
    this.#open.add(configuration);
    this.#history.propose(index, trial.params, trial.origin, trial.draws);
    return configuration;
  }

  /** Passes on what the first trial reports while it has not ended. */
  #mirror(configuration: Configuration, { status, reports }: TrialRecord): void {
    const { index, settled } = configuration;
    if (settled) return;
    const { status: before } = this.#history.get(index)!;
    // Several attempts may have begun and ended since the last visit.
    if (reports !== configuration.curve || (before === 'waiting' && status !== 'waiting')) {
      this.#history.start(index);
      configuration.passedOn = 0;
    }
    configuration.curve = reports;
    for (const { step, value } of reports.slice(configuration.passedOn)) this.#history.report(index, step, value);
    configuration.passedOn = reports.length;
    if (status === 'waiting' && this.#history.get(index)!.status !== 'waiting') this.#history.requeue(index);
  }

  #mayGoOn(trials: readonly TrialRecord[]): boolean {
    return trials.length < this.#wanted && trials.every(({ status }) => status !== 'pruned' && status !== 'failed');
  }

  #settle(configuration: Configuration): void {
    const { index, trials, settled } = configuration;
    if (settled || this.#mayGoOn(trials) || trials.some(isOpen)) return;
    configuration.settled = true;
    this.#open.delete(configuration);
    const [pruned, complete] = (['pruned', 'complete'] as const).map((status) =>
      trials.filter((trial) => trial.status === status),
    );
    if (pruned!.length > 0)
      this.#history.settle(index, 'pruned', meanOf([...complete!, ...pruned!]), trials[0]!.seconds);
    else if (complete!.length > 0) this.#history.settle(index, 'complete', meanOf(complete!), trials[0]!.seconds);
    else this.#history.end(index, 'failed');
  }
}

function isOpen({ status }: TrialRecord): boolean {
  return status === 'waiting' || status === 'running' || status === 'paused';
}

/** Undefined where a value is missing or the mean is no number. */
function meanOf(trials: readonly TrialRecord[]): number | undefined {
  let sum = 0;
  for (const { value } of trials) sum += value ?? Number.NaN;
  const mean = sum / trials.length;
  return Number.isNaN(mean) ? undefined : mean;
}
