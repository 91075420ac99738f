import type { History } from './history.js';

/** `reason` is one line of words and numbers for the person who asks why a trial was stopped. */
export type Verdict = { readonly prune: false } | { readonly prune: true; readonly reason: string };

export interface Pruner {
  readonly name: string;
  /** Asked after each report of a running trial, which is already in the history. A function of its arguments alone. */
  judge(history: History, number: number): Verdict;
}

/** `reason` as in a verdict. */
export type Rest = { readonly pause: false } | { readonly pause: true; readonly reason: string };

/**
 * Gives training out in portions: a trial rests in a checkpoint until it is worth going on with. Trials that can rest are
 * those whose training can be taken up again.
 */
export interface Promoter {
  readonly name: string;
  /** Asked after each report of a running trial that is to go on: whether it is to rest, paused, with a checkpoint of this step. */
  rest(history: History, number: number): Rest;
  /**
   * Asked when a worker is free: the paused trial that is to be resumed; undefined where a new one is worth more. A function
   * of the history alone.
   */
  next(history: History): number | undefined;
}

export const KEEP: Verdict = { prune: false };
