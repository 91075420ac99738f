import { type History, type Ranked, rankOrder, type Standing, shareRank } from '../../search/index.js';
import { standingOf } from './standing.js';
import type { Study, StudyBody } from './study.js';
import type { Trial } from './trial.js';

/**
 * The ranked trials of a study, kept in order: a board costs what has changed since the last look and the rows that it
 * shows, not a sort of all there are.
 */
class Order {
  readonly history: History;
  /** In the order of the board. */
  standings: readonly Standing[] = [];
  readonly #standingOf = new Map<number, Standing>();
  readonly #order: (a: Standing, b: Standing) => number;
  /** Changes of the history that have been looked at. */
  #seen = 0;

  constructor({ history, spec }: Study) {
    this.history = history;
    this.#order = rankOrder(spec.metric.goal);
  }

  /**
   * Puts what has changed in its place.
   *
   * @param most changes that are looked at
   * @returns whether all were
   */
  follow(study: Study, most: number = Number.POSITIVE_INFINITY): boolean {
    const { history } = this;
    const until = Math.min(history.revision, this.#seen + most);
    const changed = new Set<number>();
    for (; this.#seen < until; this.#seen += 1) {
      const number = history.changed(this.#seen);
      const status = study.trials[number]?.status;
      // Only what has ended has a place, which it keeps; repeats move with their mean.
      if (status === 'complete' || status === 'pruned') changed.add(number);
      for (const sibling of study.repeats?.siblings(history, number) ?? []) changed.add(sibling);
    }
    if (changed.size > 0) this.#place(study, changed);
    return until === history.revision;
  }

  #place(study: Study, changed: ReadonlySet<number>): void {
    const moved = new Set<Standing>();
    const placed: Standing[] = [];
    for (const number of changed) {
      const before = this.#standingOf.get(number);
      if (before !== undefined) moved.add(before);
      const standing = standingOf(study, study.trials[number]!);
      if (standing.status !== 'complete' && standing.status !== 'pruned') continue;
      this.#standingOf.set(number, standing);
      placed.push(standing);
    }
    placed.sort(this.#order);
    const stay = moved.size === 0 ? this.standings : this.standings.filter((standing) => !moved.has(standing));
    this.standings = merged(stay, placed, this.#order);
  }
}

/** Two lists in order as one. The second one is short as a rule: what lies between its places is taken over as it is. */
function merged(
  many: readonly Standing[],
  few: readonly Standing[],
  order: (a: Standing, b: Standing) => number,
): Standing[] {
  const all: Standing[] = [];
  let from = 0;
  for (const standing of few) {
    let low = from;
    let high = many.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(many[middle]!, standing) < 0) low = middle + 1;
      else high = middle;
    }
    for (; from < low; from += 1) all.push(many[from]!);
    all.push(standing);
  }
  for (; from < many.length; from += 1) all.push(many[from]!);
  return all;
}

const orders = new WeakMap<StudyBody, Order>();

function orderOf(study: Study): Order {
  // The history of a study that is away is asked for, and so is it.
  const { history } = study;
  let order = orders.get(study.body!);
  // Without a trial that was invalidated, it is another history.
  if (order?.history !== history) {
    order = new Order(study);
    orders.set(study.body!, order);
  }
  return order;
}

/** Puts a part of what has changed in its place. @returns false while there is more */
export function followRanking(study: Study, most: number): boolean {
  return orderOf(study).follow(study, most);
}

/**
 * The first trials of the board, with their ranks. Neither re-runs nor invalidated trials are on it.
 *
 * @param top how many; all when absent
 */
export function ranking(study: Study, top: number = Number.POSITIVE_INFINITY): Ranked<Trial>[] {
  const { standings, trials } = placesOf(study, top);
  const ranks = ranksIn(standings, study);
  return trials.map((item) => ({ rank: ranks.next().value!, item }));
}

/** The same in pieces that can be kept: trials in the order of the board, and what {@link ranksIn} makes ranks of. */
export function placesOf(
  study: Study,
  top: number = Number.POSITIVE_INFINITY,
): { readonly standings: readonly Standing[]; readonly trials: Trial[] } {
  const order = orderOf(study);
  order.follow(study);
  const standings = top < order.standings.length ? order.standings.slice(0, top) : order.standings;
  return { standings, trials: standings.map(({ number }) => study.trials[number]!) };
}

/** Ranks of what stands in the order of a board; equals share one. */
export function* ranksIn(standings: readonly Standing[], { spec }: Pick<Study, 'spec'>): Generator<number, undefined> {
  let rank = 0;
  for (const [index, standing] of standings.entries()) {
    if (index === 0 || !shareRank(standings[index - 1]!, standing, spec.metric.goal)) rank = index + 1;
    yield rank;
  }
  return undefined;
}
