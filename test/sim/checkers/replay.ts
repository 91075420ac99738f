import { isDeepStrictEqual } from 'node:util';
import type { State } from '../../../coordinator/core/state.js';
import type { Study } from '../../../coordinator/core/study.js';
import type { Checker, Facts } from './checker.js';

/** How often a state is compared in passing; comparing costs as much as the history is long. */
const EVERY = 150;

/** A replay of the log is the live state. */
export function replayEqualsLive(facts: Facts): Checker {
  let count = 0;
  return {
    invariant: 'replay equals live (P13)',
    live(host, { state }) {
      // Behind a coordinator that was overtaken without knowing it yet, the log has more.
      if (state.events < facts.state.events) return undefined;
      if (state.events > facts.state.events) return `${host} is at ${state.events}, the log at ${facts.state.events}`;
      count += 1;
      if (count % EVERY !== 0) return undefined;
      const isAway = (study: string): boolean => state.studies.get(study)?.body === undefined;
      const same = isDeepStrictEqual(plain(state, isAway), plain(facts.state, isAway));
      return same ? undefined : `${host} differs from the log's replay`;
    },
  };
}

/**
 * The parts of a state that can be compared: functions and what is derived from them left out, and, where a study's trials
 * are not in memory, those.
 */
export function plain(state: State, without: (study: string) => boolean = () => false): unknown {
  const studies = [...state.studies.values()].map((study) => {
    const {
      space: _1,
      sampler: _2,
      pruner: _3,
      promoter: _4,
      repeats: _5,
      body,
      remnant: _6,
      ...rest
    } = bodiless(study);
    return {
      ...rest,
      refusedBy: [...study.refusedBy],
      datasetDigests: [...study.datasetDigests],
      evidence: study.evidence.record,
      delayed: study.delayed.entries,
      ...(body === undefined || without(study.id) ? {} : trialsOf(study)),
    };
  });
  const { events, requests, deleted, artifacts, active } = state;
  const ids = [...active].map(({ id }) => id).sort();
  // What was let go of is the keeper's to take.
  const { counts } = artifacts.record;
  const own = { events, requests: [...requests], deleted, artifacts: Object.fromEntries(counts), active: ids };
  return JSON.parse(JSON.stringify({ ...own, studies }, sets));
}

/** A copy, for which nobody has to have the body. */
function bodiless(study: Study): Omit<Study, 'trials' | 'history' | 'holding'> {
  const names = (Object.keys(study) as (keyof Study)[]).filter((name) => !IN_BODY.includes(name));
  return Object.fromEntries(names.map((name) => [name, study[name]])) as unknown as Study;
}
const IN_BODY: readonly string[] = ['trials', 'history', 'holding'];

function trialsOf({ trials, history, holding }: Study): object {
  const remembered = [...history.trials()].map((trial) => ({ ...trial, reports: [...trial.reports] }));
  return { trials, holding: [...holding].sort((a, b) => a - b), history: remembered, forgotten: history.forgotten };
}

function sets(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...(value as Set<unknown>)];
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
