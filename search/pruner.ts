import type { History } from './history.js';

/** `reason` is one line of words and numbers for the person who asks why a trial was stopped. */
export type Verdict = { readonly prune: false } | { readonly prune: true; readonly reason: string };

export interface Pruner {
  readonly name: string;
  /** Asked after each report of a running trial, which is already in the history. A function of its arguments alone. */
  judge(history: History, number: number): Verdict;
}

export const KEEP: Verdict = { prune: false };
