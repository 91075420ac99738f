import type { ParamSpec, ParamValue } from '../../../../../search/param.js';
import type { TrialState } from '../../../wire.js';
import { isRanked, type StudyData } from './study-data.js';
import type { TrialItem } from './trial-item.js';

export const STATES: readonly TrialState[] = ['running', 'complete', 'pruned', 'paused', 'waiting', 'failed'];

/** What of one parameter is shown: an interval, or some of its choices. */
export type ParamFilter =
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'choices'; readonly choices: ReadonlySet<string> };

/** Which trials the board and the plots show, and in which order. It stands in the page's address. */
export interface BoardView {
  /** "rank", "number", "value", ... or "p:" and a parameter's name. */
  readonly sort: string;
  readonly descending: boolean;
  /** Undefined: all. */
  readonly states: ReadonlySet<TrialState> | undefined;
  /** The best so many percent; undefined: all. */
  readonly top: number | undefined;
  /** By parameter's name. */
  readonly params: ReadonlyMap<string, ParamFilter>;
}

export function readBoardView(query: URLSearchParams, params: readonly ParamSpec[]): BoardView {
  const sort = query.get('sort') ?? 'rank';
  const states = query.get('state')?.split(',').filter(isState);
  const top = Number(query.get('top') ?? Number.NaN);
  const filters = new Map<string, ParamFilter>();
  for (const spec of params) {
    const text = query.get(`p.${spec.name}`);
    const filter = text === null ? undefined : readFilter(spec, text);
    if (filter !== undefined) filters.set(spec.name, filter);
  }
  return {
    sort: sort.replace(/^-/, ''),
    descending: sort.startsWith('-'),
    states: states === undefined || states.length === 0 ? undefined : new Set(states),
    top: top > 0 && top < 100 ? top : undefined,
    params: filters,
  };
}

/** A filter as it stands in the address. */
export function writeFilter(filter: ParamFilter | undefined): string | undefined {
  if (filter === undefined) return undefined;
  return filter.kind === 'range' ? `${filter.low}..${filter.high}` : [...filter.choices].join('|');
}

function readFilter(spec: ParamSpec, text: string): ParamFilter | undefined {
  if (spec.kind === 'categorical') return { kind: 'choices', choices: new Set(text.split('|')) };
  const [low, high] = text.split('..').map(Number);
  if (low === undefined || high === undefined || Number.isNaN(low) || Number.isNaN(high)) return undefined;
  return { kind: 'range', low, high };
}

/** The trials that a view shows, in its order. */
export function viewTrials(data: StudyData, view: BoardView): TrialItem[] {
  const filters = [...view.params].map(([name, filter]) => ({
    index: data.space.params.findIndex((spec) => spec.name === name),
    filter,
  }));
  const best = view.top === undefined ? undefined : topOf(data, view.top);
  const shown = (trial: TrialItem): boolean =>
    (view.states?.has(trial.state) ?? true) &&
    (best?.has(trial) ?? true) &&
    filters.every(({ index, filter }) => passes(trial.params[index], filter));
  const trials = isFiltered(view) ? byRank(data).filter(shown) : byRank(data);
  if (view.sort !== 'rank') sortBy(trials, data, view);
  else if (view.descending) trials.reverse();
  return trials;
}

/** Whether a view leaves anything out. */
export function isFiltered(view: BoardView): boolean {
  return view.states !== undefined || view.top !== undefined || view.params.size > 0;
}

function byRank(data: StudyData): TrialItem[] {
  const rest = data.trials.filter((trial) => !isRanked(trial));
  rest.sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || b.number - a.number);
  return [...data.ranked, ...rest];
}

function topOf(data: StudyData, percent: number): Set<TrialItem> {
  const complete = data.ranked.filter(({ state }) => state === 'complete');
  return new Set(complete.slice(0, Math.max(1, Math.ceil((complete.length * percent) / 100))));
}

function passes(value: ParamValue | null | undefined, filter: ParamFilter): boolean {
  if (value === null || value === undefined) return false;
  if (filter.kind === 'choices') return filter.choices.has(String(value));
  return typeof value === 'number' && value >= filter.low && value <= filter.high;
}

function sortBy(trials: TrialItem[], data: StudyData, { sort, descending }: BoardView): void {
  const key = keyOf(data, sort);
  const keyed = trials.map((trial) => ({ trial, key: key(trial) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    // What a trial does not have comes last, whichever way the rest is turned.
    if (a.key === undefined || b.key === undefined) return Number(a.key === undefined) - Number(b.key === undefined);
    if (a.key === b.key) return a.trial.number - b.trial.number;
    return (a.key < b.key ? -1 : 1) * sign;
  });
  for (const [i, { trial }] of keyed.entries()) trials[i] = trial;
}

function keyOf(data: StudyData, sort: string): (trial: TrialItem) => number | string | undefined {
  if (sort.startsWith('p:')) {
    const index = data.space.params.findIndex(({ name }) => name === sort.slice(2));
    return ({ params }) => {
      const value = params[index];
      return typeof value === 'boolean' ? String(value) : (value ?? undefined);
    };
  }
  switch (sort) {
    case 'value':
      return ({ value }) => value;
    case 'state':
      return ({ state }) => STATES.indexOf(state);
    case 'step':
      return ({ lastStep }) => lastStep;
    case 'time':
      return (trial) => durationOf(trial, data.now());
    case 'origin':
      return ({ origin }) => origin;
    default:
      return ({ number }) => number;
  }
}

/** How long a trial has run, over all its attempts; undefined before the first. */
export function durationOf({ attempts }: TrialItem, now: number): number | undefined {
  if (attempts.length === 0) return undefined;
  return attempts.reduce((sum, [, start, end]) => sum + ((end === 0 ? now : end) - start), 0);
}

function isState(word: string): word is TrialState {
  return STATES.includes(word as TrialState);
}
