import { goodCount } from './kernel-weights.js';
import type { Study, Trial } from './study.js';

/** More are never good. */
const LIMIT = goodCount(Number.POSITIVE_INFINITY);

interface Entry {
  readonly number: number;
  readonly first: number;
  readonly second: number;
}

/** A study's best trials in the order in which they fill the good side: complete, pruned, then infeasible ones. */
export class BestTrials {
  #seen = 0;
  readonly #known = new Set<number>();
  readonly #complete: Entry[] = [];
  readonly #pruned: Entry[] = [];
  readonly #infeasible: Entry[] = [];

  follow(study: Study): void {
    for (; this.#seen < study.journal.length; this.#seen++) {
      const trial = study.trials[study.journal[this.#seen]!]!;
      if ((trial.state !== 'COMPLETE' && trial.state !== 'PRUNED') || this.#known.has(trial.number)) continue;
      this.#known.add(trial.number);
      this.#add(trial, study.maximize);
    }
  }

  /** The numbers of the n best, n <= 25, ascending. */
  take(n: number): number[] {
    const ranked = [...this.#complete, ...this.#pruned, ...this.#infeasible];
    const numbers = ranked.slice(0, n).map((entry) => entry.number);
    return numbers.sort((a, b) => a - b);
  }

  #add(trial: Trial, maximize: boolean): void {
    const { number, state } = trial;
    const violation = violationOf(trial);
    if (violation > 0) insert(this.#infeasible, { number, first: violation, second: 0 });
    else if (state === 'COMPLETE') insert(this.#complete, { number, first: signed(trial.value!, maximize), second: 0 });
    else insert(this.#pruned, prunedEntry(trial, maximize));
  }
}

/** By how much a trial's constraints are violated together. */
function violationOf(trial: Trial): number {
  let sum = 0;
  for (const value of trial.constraints?.values() ?? []) if (value > 0) sum += value;
  return sum;
}

/** The farther a pruned trial came the better; among equals its last value decides. */
function prunedEntry({ number, steps, values }: Trial, maximize: boolean): Entry {
  const step = steps.at(-1);
  const value = values.at(-1);
  if (step === undefined || value === undefined) return { number, first: 1, second: 0 };
  return { number, first: -step, second: Number.isNaN(value) ? Number.POSITIVE_INFINITY : signed(value, maximize) };
}

function signed(value: number, maximize: boolean): number {
  return maximize ? -value : value;
}

function insert(entries: Entry[], entry: Entry): void {
  let at = entries.length;
  while (at > 0 && comesBefore(entry, entries[at - 1]!)) at--;
  if (at === LIMIT) return;
  entries.splice(at, 0, entry);
  if (entries.length > LIMIT) entries.pop();
}

function comesBefore(a: Entry, b: Entry): boolean {
  if (a.first !== b.first) return a.first < b.first;
  if (a.second !== b.second) return a.second < b.second;
  return a.number < b.number;
}
