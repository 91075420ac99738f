import type { StudyJson } from '../../../../../proto/json.js';
import { rankOrder, shareRank } from '../../../../../search/rank.js';
import type { CurveRow, StudyChange, StudyCurves, StudyTable } from '../../../wire.js';
import { fromRow, fromWire, type TrialItem } from './trial-item.js';

/** The study's metric over the steps of one trial; values that are no number are gaps. */
export interface Curve {
  readonly steps: number[];
  readonly values: (number | undefined)[];
}

/**
 * One study as a page knows it: the table it began with and every change since. Changes are applied in place, and only
 * what changed is ranked again, so that a message costs what it says and not what the study holds.
 */
export class StudyData {
  readonly source: string;
  readonly space: StudyTable['space'];
  readonly metric: StudyTable['metric'];
  study: StudyJson;
  position: number;
  /** The coordinator's clock minus this browser's, milliseconds. */
  clockSkewMs: number;
  /** By number. */
  readonly trials: TrialItem[] = [];
  /** Complete and pruned trials, the best first; re-runs are beside the ranking. */
  readonly ranked: TrialItem[] = [];
  /** By trial number; undefined until somebody asked for curves. */
  curves: Map<number, Curve> | undefined;
  /** Counts changes. */
  version = 0;
  readonly #compare: (a: TrialItem, b: TrialItem) => number;
  readonly #listeners = new Set<() => void>();
  #curveChanges: StudyChange[] = [];

  constructor(table: StudyTable) {
    this.source = table.source;
    this.space = table.space;
    this.metric = table.metric;
    this.study = table.study;
    this.position = table.position;
    this.clockSkewMs = table.nowMs - Date.now();
    const order = rankOrder(table.metric.goal);
    this.#compare = (a, b) => order(a.standing, b.standing);
    for (const row of table.rows) {
      const item = fromRow(row);
      this.trials[item.number] = item;
      if (isRanked(item)) this.ranked.push(item);
    }
    this.ranked.sort(this.#compare);
  }

  /** Takes a message of the study's event stream. One that is not newer than what is known changes nothing. */
  apply(change: StudyChange): void {
    this.study = change.study;
    this.position = change.position;
    this.clockSkewMs = change.nowMs - Date.now();
    const items = change.rows.map(fromRow);
    this.#rerank(items);
    for (const item of items) this.trials[item.number] = item;
    if (this.curves === undefined) this.#curveChanges.push(change);
    else applyCurves(this.curves, change);
    this.#changed();
  }

  /** Takes all curves, once; what changed while they were on their way is not lost. */
  setCurves({ curves }: StudyCurves): void {
    const known = new Map<number, Curve>();
    for (const row of curves) known.set(row[0], curveOf(row));
    for (const change of this.#curveChanges) applyCurves(known, change);
    this.#curveChanges = [];
    this.curves = known;
    this.#changed();
  }

  /** From 1; equal values share one. Undefined for a trial that is not ranked. */
  rankOf(item: TrialItem): number | undefined {
    if (!isRanked(item)) return undefined;
    const { goal } = this.metric;
    // Those that share its rank stand beside each other: the first of them is the first that is not better.
    return (
      1 + this.#first((other) => this.#compare(other, item) >= 0 || shareRank(other.standing, item.standing, goal))
    );
  }

  /** Milliseconds since the epoch by the coordinator's clock. */
  now(): number {
    return Date.now() + this.clockSkewMs;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }

  #rerank(items: readonly TrialItem[]): void {
    const gone = new Set(items.map(({ number }) => this.trials[number]).filter((old) => old && isRanked(old)));
    if (gone.size > 0) {
      const kept = this.ranked.filter((item) => !gone.has(item));
      this.ranked.length = 0;
      for (const item of kept) this.ranked.push(item);
    }
    const fresh = items.filter(isRanked);
    if (fresh.length > 64) {
      for (const item of fresh) this.ranked.push(item);
      this.ranked.sort(this.#compare);
      return;
    }
    for (const item of fresh)
      this.ranked.splice(
        this.#first((other) => this.#compare(other, item) > 0),
        0,
        item,
      );
  }

  /** The place of the first of the ranked for which `holds`, which holds for all after it too. */
  #first(holds: (item: TrialItem) => boolean): number {
    let low = 0;
    let high = this.ranked.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(this.ranked[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Whether a trial has a place on the board. */
export function isRanked({ state, rerunOf, invalidated }: TrialItem): boolean {
  return rerunOf === null && invalidated === null && (state === 'complete' || state === 'pruned');
}

function curveOf([, steps, values]: CurveRow): Curve {
  return { steps: [...steps], values: values.map(fromWire) };
}

function applyCurves(curves: Map<number, Curve>, { added, whole }: StudyChange): void {
  for (const row of whole) {
    if (row[1].length === 0) curves.delete(row[0]);
    else curves.set(row[0], curveOf(row));
  }
  for (const row of added) {
    const curve = curves.get(row[0]) ?? { steps: [], values: [] };
    curves.set(row[0], curve);
    const last = curve.steps.at(-1) ?? 0;
    for (const [i, step] of row[1].entries()) {
      if (step <= last) continue;
      curve.steps.push(step);
      curve.values.push(fromWire(row[2][i]!));
    }
  }
}
