import { isDeepStrictEqual } from 'node:util';
import type { State } from '../../../coordinator/core/state.js';
import type { Checker, Facts } from './checker.js';

/** How often a state is compared in passing; comparing costs as much as the history is long. */
const EVERY = 150;

/** A replay of the log is the live state. */
export function replayEqualsLive(facts: Facts): Checker {
  let count = 0;
  return {
    invariant: 'replay equals live',
    live(host, { state }) {
      // Behind a coordinator that was overtaken without knowing it yet, the log has more.
      if (state.events < facts.state.events) return undefined;
      if (state.events > facts.state.events) return `${host} is at ${state.events}, the log at ${facts.state.events}`;
      count += 1;
      if (count % EVERY !== 0) return undefined;
      return isDeepStrictEqual(plain(state), plain(facts.state)) ? undefined : `${host} differs from the log's replay`;
    },
  };
}

/** The parts of a state that can be compared: functions and what is derived from them left out. */
export function plain(state: State): unknown {
  const studies = [...state.studies.values()].map(
    ({ space: _1, sampler: _2, pruner: _3, promoter: _4, repeats: _5, history, refusedBy, ...rest }) => ({
      ...rest,
      refusedBy: [...refusedBy],
      history: [...history.trials()].map((trial) => ({ ...trial, reports: [...trial.reports] })),
    }),
  );
  return JSON.parse(JSON.stringify({ events: state.events, requests: [...state.requests], studies }, sets));
}

function sets(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...(value as Set<unknown>)];
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
