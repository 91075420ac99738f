import { Follower } from '../follower.js';
import type { History, TrialRecord } from '../history.js';
import { Prospects } from './prospects.js';

/** Up to here a model sees every trial. */
const ALL = 54;
/** Of more, it sees the newest 32 to 38, counted in blocks so that its rows seldom change at the front, */
const NEWEST = 32;
const BLOCK = 6;
/** and the best of those before. */
const VETERANS = 16;

/** As many trials as `rows` gives at most. */
export const MOST_ROWS: number = Math.max(ALL, VETERANS + NEWEST + BLOCK);

/** Some trials' numbers, and for each its place on the scale of `LossScale`. */
export interface Fitting {
  readonly numbers: readonly number[];
  readonly values: Float64Array;
}

/**
 * What a model needs to know of a history, kept up to date at a cost that does not grow with it: which trials are
 * open, which are the best, and which a model should look at.
 */
export class ObservedTrials {
  readonly #onEnd: (number: number) => void;
  readonly #onReset: () => void;
  readonly #follower: Follower;
  /** By number: known at all, and whether ended. */
  readonly #ended: (boolean | undefined)[] = [];
  readonly #open = new Set<number>();
  /** The best of those numbered below `#newestFrom`. */
  readonly #veterans = new BestTrials(VETERANS);
  #newestFrom = 0;
  #history: History | undefined;
  #known = 0;
  readonly #valued = new Set<number>();

  /**
   * @param onReset another history is going to be read
   * @param onEnd   what a model has learnt from trials numbered from `number` on may be out of date
   */
  constructor(onReset: () => void, onEnd: (number: number) => void) {
    this.#onReset = onReset;
    this.#onEnd = onEnd;
    this.#follower = new Follower(
      () => this.#reset(),
      (trial) => this.#visit(trial),
    );
  }

  follow(history: History): void {
    this.#history = history;
    this.#follower.follow(history);
  }

  /** Trials in the history. */
  get known(): number {
    return this.#known;
  }

  /** Trials with a value, be it the last one or not; those that failed have none. */
  get measured(): number {
    return this.#valued.size;
  }

  /** One more than the highest number. */
  get end(): number {
    return this.#ended.length;
  }

  /** Trials numbered below `limit` that have not ended. */
  openBelow(limit: number): number {
    let count = 0;
    for (const number of this.#open) if (number < limit) count++;
    return count;
  }

  /**
   * The trials for a model to look at, never more than `MOST_ROWS`: by number, those that are open behind the others, so
   * that what a model expects of them follows from all that is known.
   */
  rows(): number[] {
    const from = this.end <= ALL ? 0 : Math.floor((this.end - NEWEST) / BLOCK) * BLOCK;
    for (; this.#newestFrom < from; this.#newestFrom++) {
      const trial = this.#history!.get(this.#newestFrom);
      if (trial !== undefined && this.#ended[trial.number]) this.#veterans.add(trial.number, this.#measuredLoss(trial));
    }
    const rows = this.#veterans.numbers.toSorted((a, b) => a - b);
    for (let number = from; number < this.end; number++) if (this.#ended[number]) rows.push(number);
    for (let number = from; number < this.end; number++) if (this.#ended[number] === false) rows.push(number);
    return rows;
  }

  /** What is known or expected of these trials. */
  prospectsOf(numbers: readonly number[]): Prospects {
    return new Prospects(
      numbers.map((number) => this.#trial(number)),
      this.#history!.goal,
    );
  }

  /** Ended trials numbered in [from, to): the best `count / 2` of them and others evenly among the rest. */
  sample(from: number, to: number, count: number): Fitting {
    const ended: number[] = [];
    for (let number = Math.max(0, from); number < to; number++) if (this.#ended[number]) ended.push(number);
    const prospects = this.prospectsOf(ended);
    const standing = ended.map((number, row) => ({ number, value: prospects.valueOf(row, 0) }));
    standing.sort((a, b) => a.value - b.value || a.number - b.number);
    const half = count >> 1;
    const stride = Math.max(1, (standing.length - half) / (count - half));
    const chosen = standing.slice(0, half);
    for (let at = half; chosen.length < count && at < standing.length; at += stride)
      chosen.push(standing[Math.floor(at)]!);
    return { numbers: chosen.map(({ number }) => number), values: centred(chosen.map(({ value }) => value)) };
  }

  #trial(number: number): TrialRecord {
    return this.#history!.get(number)!;
  }

  #measuredLoss(trial: TrialRecord): number | undefined {
    return trial.status === 'complete' ? this.#lossOf(trial) : undefined;
  }

  #lossOf(trial: TrialRecord): number | undefined {
    const { value } = trial;
    if (value === undefined || Number.isNaN(value)) return undefined;
    const loss = this.#history!.goal === 'maximize' ? -value : value;
    // Differences of losses must stay finite.
    return Math.max(-1e300, Math.min(1e300, loss));
  }

  #reset(): void {
    this.#ended.length = 0;
    this.#open.clear();
    this.#veterans.clear();
    this.#newestFrom = 0;
    this.#known = 0;
    this.#valued.clear();
    this.#onReset();
  }

  #visit(trial: TrialRecord): void {
    const { number, status } = trial;
    const before = this.#ended[number];
    if (before === true) return;
    const ended = status === 'complete' || status === 'pruned' || status === 'failed';
    if (before === undefined) {
      this.#known++;
      // A trial that appears below others changes what comes after it, as one that ends does.
      if (number < this.end) this.#onEnd(number);
    }
    this.#ended[number] = ended;
    // An attempt that is lost takes its reports with it.
    if (trial.value !== undefined && status !== 'failed') this.#valued.add(number);
    else this.#valued.delete(number);
    if (!ended) {
      this.#open.add(number);
      return;
    }
    this.#open.delete(number);
    this.#onEnd(number);
    const loss = this.#measuredLoss(trial);
    if (number < this.#newestFrom) this.#veterans.add(number, loss);
  }
}

/** The trials with the least losses, the best first, by number among equals. */
class BestTrials {
  readonly #limit: number;
  readonly #trials: { readonly number: number; readonly loss: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get numbers(): readonly number[] {
    return this.#trials.map(({ number }) => number);
  }

  clear(): void {
    this.#trials.length = 0;
  }

  /** Takes a trial in if it is good enough; one without a loss never is. */
  add(number: number, loss: number | undefined): void {
    if (loss === undefined) return;
    let at = this.#trials.length;
    while (at > 0 && isAfter(this.#trials[at - 1]!, loss, number)) at--;
    if (at === this.#limit) return;
    this.#trials.splice(at, 0, { number, loss });
    this.#trials.length = Math.min(this.#trials.length, this.#limit);
  }
}

function isAfter(one: { readonly number: number; readonly loss: number }, loss: number, number: number): boolean {
  return one.loss > loss || (one.loss === loss && one.number > number);
}

/** The same values about zero on average. */
function centred(values: readonly number[]): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return Float64Array.from(values, (value) => value - mean);
}
