import type { TrialStatus } from './history.js';
import type { Goal } from './param.js';
import { isBetter } from './trial-value.js';

export interface Ranked<T> {
  /** From 1; equal values share a rank (1, 2, 2, 4). */
  readonly rank: number;
  readonly item: T;
}

/** What decides a place on the leaderboard. */
export interface Standing {
  readonly status: TrialStatus;
  readonly value: number | undefined;
  readonly number: number;
  /** Ranks behind those of its status that are not: its value may still change. */
  readonly provisional?: boolean;
}

/**
 * The leaderboard: complete trials before pruned ones, the better value first, by number among equals; those without a
 * value that is a number come last in their group. Failed and unfinished trials are not ranked.
 */
export function rank<T>(items: Iterable<T>, view: (item: T) => Standing, goal: Goal): Ranked<T>[] {
  const standings: { item: T; standing: Standing }[] = [];
  for (const item of items) {
    const standing = view(item);
    if (standing.status === 'complete' || standing.status === 'pruned') standings.push({ item, standing });
  }
  const order = rankOrder(goal);
  standings.sort((a, b) => order(a.standing, b.standing));
  const ranked: Ranked<T>[] = [];
  for (const [index, { item, standing }] of standings.entries()) {
    const equal = index > 0 && shareRank(standings[index - 1]!.standing, standing, goal);
    ranked.push({ rank: equal ? ranked[index - 1]!.rank : index + 1, item });
  }
  return ranked;
}

/** The order of the leaderboard among complete and pruned trials, for `sort`: negative where `a` comes before `b`. */
export function rankOrder(goal: Goal): (a: Standing, b: Standing) => number {
  return (a, b) => compare(a, b, goal) || a.number - b.number;
}

/** Whether two trials share a rank. */
export function shareRank(a: Standing, b: Standing, goal: Goal): boolean {
  return compare(a, b, goal) === 0;
}

function compare(a: Standing, b: Standing, goal: Goal): number {
  if (a.status !== b.status) return a.status === 'complete' ? -1 : 1;
  const provisional = Number(a.provisional ?? false) - Number(b.provisional ?? false);
  if (provisional !== 0) return provisional;
  const missing = Number(isMissing(a.value)) - Number(isMissing(b.value));
  if (missing !== 0 || isMissing(a.value) || isMissing(b.value)) return missing;
  return isBetter(a.value, b.value, goal) ? -1 : isBetter(b.value, a.value, goal) ? 1 : 0;
}

function isMissing(value: number | undefined): value is undefined {
  return value === undefined || Number.isNaN(value);
}
