import type { Goal, Params } from './param.js';
import { isBetter, type Report, trialValue } from './trial-value.js';

export type TrialStatus = 'waiting' | 'running' | 'paused' | 'complete' | 'pruned' | 'failed';

export interface TrialRecord {
  readonly number: number;
  readonly params: Params;
  /** Who proposed it: a sampler's name, or a word like "enqueued". */
  readonly origin: string;
  readonly status: TrialStatus;
  /** The best or last report's value so far, as the study defines it; undefined when there is none that is a number. */
  readonly value: number | undefined;
  /** In the order of their steps. */
  readonly reports: readonly Report[];
  /** What its training took, where that is known; only of a trial that has ended. */
  readonly seconds?: number;
  /** What the sampler asked to be remembered with its suggestion. */
  readonly draws?: readonly number[];
  /** Of a repeat: the first trial with its configuration. */
  readonly repeatOf?: number;
}

/**
 * A study's trials as samplers and pruners see them, folded from the log in place. Re-runs and invalidated trials are
 * not in it.
 *
 * Samplers keep what they derive from a history beside it and bring that up to date with `revision` and `changed`, so
 * that asking once more costs what has changed, not what there is.
 */
export class History {
  readonly goal: Goal;
  /** Which report is a trial's value. */
  readonly kept: 'best' | 'last';
  readonly #trials = new Map<number, Trial>();
  readonly #journal: number[] = [];
  readonly #ended: number[] = [];
  readonly #forgotten: readonly number[];
  #sorted = true;
  #highest = -1;

  /** @param forgotten see {@link forgotten} */
  constructor(goal: Goal, kept: 'best' | 'last', forgotten: readonly number[] = []) {
    this.goal = goal;
    this.kept = kept;
    this.#forgotten = forgotten;
  }

  /** Number of trials, whatever their status. */
  get size(): number {
    return this.#trials.size;
  }

  get(number: number): TrialRecord | undefined {
    return this.#trials.get(number);
  }

  /** By number. */
  trials(): Iterable<TrialRecord> {
    if (this.#sorted) return this.#trials.values();
    return [...this.#trials.values()].sort((a, b) => a.number - b.number);
  }

  /** Counts every change; a follower that has seen `changed(0)` to `changed(revision - 1)` knows all. */
  get revision(): number {
    return this.#journal.length;
  }

  /** The number of the trial that the change with this index (from 0) was about. */
  changed(index: number): number {
    return this.#journal[index]!;
  }

  /** How many trials have ended. */
  get endings(): number {
    return this.#ended.length;
  }

  /** The number of the trial that ended as the one with this index (from 0). */
  ended(index: number): number {
    return this.#ended[index]!;
  }

  /**
   * The largest draws of trials that were taken out, by place: whoever goes on from the farthest draw of all trials goes on
   * from these, so that nothing is drawn twice.
   */
  get forgotten(): readonly number[] {
    return this.#forgotten;
  }

  /** Another history, as this one is without a trial. Followers read it from its beginning. */
  without(number: number): History {
    const draws = this.#trials.get(number)?.draws ?? [];
    const places = Array.from({ length: Math.max(draws.length, this.#forgotten.length) }, (_, place) => place);
    const forgotten = places.map((place) => Math.max(draws[place] ?? 0, this.#forgotten[place] ?? 0));
    const rest = new History(this.goal, this.kept, forgotten);
    for (const trial of this.trials()) if (trial.number !== number) rest.adopt(trial);
    return rest;
  }

  /** Takes over a trial as it stands. */
  adopt({ number, params, origin, draws, repeatOf, status, reports, seconds }: Omit<TrialRecord, 'value'>): void {
    this.propose(number, params, origin, draws, repeatOf);
    if (status === 'waiting' && reports.length === 0) return;
    this.start(number);
    for (const { step, value } of reports) this.report(number, step, value);
    if (status === 'waiting') this.requeue(number);
    else if (status === 'paused') this.pause(number);
    else if (status !== 'running') this.end(number, status, seconds);
  }

  /** A new trial, waiting for its first attempt. */
  propose(number: number, params: Params, origin: string, draws?: readonly number[], repeatOf?: number): void {
    if (this.#trials.has(number)) throw new Error(`trial ${number} has been proposed already`);
    if (number < this.#highest) this.#sorted = false;
    this.#highest = Math.max(this.#highest, number);
    this.#trials.set(number, new Trial(number, params, origin, draws, repeatOf));
    this.#journal.push(number);
  }

  /** An attempt begins; reports of earlier ones are forgotten from after step `known` on. */
  start(number: number, known = 0): void {
    const trial = this.#open(number);
    trial.status = 'running';
    trial.cut(known, this.goal, this.kept);
    this.#journal.push(number);
  }

  /** The attempt was lost; the trial waits for another. */
  requeue(number: number): void {
    this.#open(number).status = 'waiting';
    this.#journal.push(number);
  }

  /** The trial rests in a checkpoint of its last report. */
  pause(number: number): void {
    this.#open(number).status = 'paused';
    this.#journal.push(number);
  }

  /** A paused trial goes on from its checkpoint; its reports stay. */
  resume(number: number): void {
    const trial = this.#open(number);
    if (trial.status !== 'paused') throw new Error(`trial ${number} is ${trial.status}; only a paused one can go on`);
    trial.status = 'running';
    this.#journal.push(number);
  }

  /** The first value of a step wins. */
  report(number: number, step: number, value: number): void {
    if (this.#open(number).report(step, value, this.goal, this.kept)) this.#journal.push(number);
  }

  /** @param seconds what its training took, where that is known */
  end(number: number, status: 'complete' | 'pruned' | 'failed', seconds?: number): void {
    const trial = this.#open(number);
    trial.status = status;
    // There will be no more: a copy has no room to grow.
    trial.reports = trial.reports.slice();
    if (seconds !== undefined) trial.seconds = seconds;
    this.#journal.push(number);
    this.#ended.push(number);
  }

  /** Ends one whose value is no single report's. */
  settle(number: number, status: 'complete' | 'pruned', value: number | undefined, seconds?: number): void {
    this.#open(number).value = value;
    this.end(number, status, seconds);
  }

  #open(number: number): Trial {
    const trial = this.#trials.get(number);
    if (trial === undefined) throw new Error(`trial ${number} is not in this history`);
    if (trial.status === 'complete' || trial.status === 'pruned' || trial.status === 'failed') {
      throw new Error(`trial ${number} has ended as ${trial.status} and cannot change any more`);
    }
    return trial;
  }
}

class Trial implements TrialRecord {
  readonly number: number;
  readonly params: Params;
  readonly origin: string;
  readonly draws?: readonly number[];
  readonly repeatOf?: number;
  seconds?: number;
  status: TrialStatus = 'waiting';
  value: number | undefined = undefined;
  reports: Report[] = [];

  constructor(
    number: number,
    params: Params,
    origin: string,
    draws: readonly number[] | undefined,
    repeatOf: number | undefined,
  ) {
    this.number = number;
    this.params = params;
    this.origin = origin;
    if (draws !== undefined) this.draws = draws;
    if (repeatOf !== undefined) this.repeatOf = repeatOf;
  }

  /** Forgets what comes after a step. */
  cut(step: number, goal: Goal, kept: 'best' | 'last'): void {
    if ((this.reports.at(-1)?.step ?? 0) <= step) return;
    this.reports = this.reports.filter((report) => report.step <= step);
    this.value = trialValue(this.reports, goal, kept)?.value;
  }

  /** Whether anything changed. */
  report(step: number, value: number, goal: Goal, kept: 'best' | 'last'): boolean {
    // Steps come in order but for stragglers, so the place is looked for from the end.
    let at = this.reports.length;
    while (at > 0 && this.reports[at - 1]!.step > step) at--;
    if (at > 0 && this.reports[at - 1]!.step === step) return false;
    if (at === this.reports.length) this.reports.push({ step, value });
    else this.reports.splice(at, 0, { step, value });
    if (kept === 'best') {
      if (!Number.isNaN(value) && (this.value === undefined || isBetter(value, this.value, goal))) this.value = value;
    } else if (at === this.reports.length - 1) {
      this.value = Number.isNaN(value) ? undefined : value;
    }
    return true;
  }
}
