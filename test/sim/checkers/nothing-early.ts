import { Fleet } from '../../../coordinator/core/fleet.js';
import { apply, emptyState, type State } from '../../../coordinator/core/state.js';
import { leaderboardView } from '../../../coordinator/core/views.js';
import { toLeaderboard } from '../../../coordinator/rpc/convert.js';
import type { Dispatch, Leaderboard } from '../../../proto/index.js';
import { type Checker, type Facts, isCurrent } from './checker.js';

/** Assignments and stops leave after the log has them, as the log has them. */
export function nothingDispatchedEarly({ state }: Facts): Checker {
  return {
    invariant: 'nothing before it is durable (P1): dispatches',
    told(worker, { body }) {
      if (body?.$case !== 'dispatch') return undefined;
      for (const { attempt: ref, seed, paramsJson } of body.value.assignments) {
        // One that slept may send what was durable once, and is of a study that others have deleted since.
        if (state.deleted.has(ref!.study)) continue;
        const key = `${ref!.study}/${ref!.trial}/${ref!.attempt}`;
        const trial = state.studies.get(ref!.study)?.trials[ref!.trial];
        const attempt = trial?.attempts[ref!.attempt - 1];
        if (trial === undefined || attempt === undefined) return `${key} is assigned, but not in the log`;
        if (attempt.worker !== worker) return `${key} is assigned to ${worker}, but the log says ${attempt.worker}`;
        if (trial.seed !== seed || JSON.stringify(trial.params) !== paramsJson)
          return `${key} is not assigned as logged`;
      }
      for (const { attempt: ref } of body.value.stops) {
        if (state.deleted.has(ref!.study)) continue;
        const trial = state.studies.get(ref!.study)?.trials[ref!.trial];
        if (trial === undefined || trial.attempts.length < ref!.attempt) return `a stop for an attempt not in the log`;
        const running = trial.status === 'running' && trial.attempts.length === ref!.attempt;
        if (running && trial.stopping === undefined)
          return `${ref!.study}/${ref!.trial} is stopped, but not in the log`;
      }
      return undefined;
    },
  };
}

/** What is acknowledged is in the log, or belongs to an attempt that counts no more. */
export function nothingAcknowledgedEarly({ state, progress }: Facts): Checker {
  const checked = new Map<string, number>();
  return {
    invariant: 'nothing before it is durable (P1): acknowledgements',
    told(worker, { body }) {
      if (body?.$case !== 'dispatch' || body.value.acknowledged === 0) return undefined;
      const sent = progress.get(worker) ?? [];
      let next = checked.get(worker) ?? 0;
      while (next < sent.length && sent[next]!.sequence <= body.value.acknowledged) {
        const { reports, results } = sent[next]!;
        next += 1;
        for (const { attempt: ref, report } of reports) {
          // Of a deleted study nothing is left to be looked at.
          if (state.deleted.has(ref!.study)) continue;
          const trial = state.studies.get(ref!.study)?.trials[ref!.trial];
          if (trial === undefined) return `a report of unknown ${ref!.study}/${ref!.trial} is acknowledged`;
          if (trial.attempts.length > ref!.attempt || 'endedAt' in trial || !isCurrent(state, ref!)) continue;
          if (!trial.reports.some(({ step }) => step >= report!.step)) {
            return `step ${report!.step} of ${ref!.study}/${ref!.trial}/${ref!.attempt} is acknowledged, but not in the log`;
          }
        }
        for (const { attempt: ref } of results) {
          if (state.deleted.has(ref!.study)) continue;
          const trial = state.studies.get(ref!.study)?.trials[ref!.trial];
          const running = trial?.status === 'running' && trial.attempts.length === ref!.attempt;
          if (trial === undefined || trial.attempts.length < ref!.attempt || running) {
            return `the result of ${ref!.study}/${ref!.trial}/${ref!.attempt} is acknowledged, but not in the log`;
          }
        }
      }
      checked.set(worker, next);
      return undefined;
    },
  };
}

/** A worker is told to abandon only what counts no more: its newest attempt is heard until a successor has started. */
export function nothingAbandonedThatCounts({ state, presented }: Facts): Checker {
  const fault = (worker: string, dispatch: Pick<Dispatch, 'abandoned'>): string | undefined => {
    const counts = dispatch.abandoned.find((ref) => isCurrent(state, ref));
    if (counts === undefined) return undefined;
    return `${worker} is to abandon ${counts.study}/${counts.trial}/${counts.attempt}, which counts`;
  };
  return {
    invariant: 'the newest attempt is heard (P3)',
    told(worker, { body }) {
      if (body?.$case === 'dispatch') return fault(worker, body.value);
      if (body?.$case !== 'attached') return undefined;
      const kept = new Set(body.value.continued.map(({ study, trial, attempt }) => `${study}/${trial}/${attempt}`));
      const dropped = (presented.get(worker) ?? []).filter((r) => !kept.has(`${r.study}/${r.trial}/${r.attempt}`));
      return fault(worker, { abandoned: dropped });
    },
  };
}

/** A view is what a replay of the log up to its position shows. */
export function nothingShownEarly(facts: Facts): Checker {
  return {
    invariant: 'nothing before it is durable (P1): views',
    shown(board) {
      if (board.position > facts.events.length) {
        return `a view shows position ${board.position}, but the log has ${facts.events.length} events`;
      }
      const state = board.position === facts.events.length ? facts.state : replayTo(facts, board.position);
      const study = state.studies.get(board.study!.id);
      if (study === undefined) return `a view shows ${board.study!.id}, which the log does not have`;
      const right = toLeaderboard(leaderboardView(state, new Fleet(), study, 0), board.nowMs);
      return essence(board) === essence(right) ? undefined : `the view ${essence(board)} should be ${essence(right)}`;
    },
  };
}

/** What the log alone decides. */
function essence({ study, rows, running }: Leaderboard): string {
  return JSON.stringify({ study: { ...study, notice: '' }, rows, running });
}

function replayTo({ events }: Facts, position: number): State {
  const state = emptyState();
  for (let i = 0; i < position; i += 1) apply(state, events[i]!);
  return state;
}
