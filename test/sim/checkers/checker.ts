import type { Event } from '../../../coordinator/core/events.js';
import type { SearchSpec } from '../../../coordinator/core/spec.js';
import type { State } from '../../../coordinator/core/state.js';
import type { Core } from '../../../coordinator/core/transaction.js';
import type { AttemptRef, Leaderboard, Progress, SessionResponse } from '../../../proto/index.js';
import type { Run } from '../sim-runner.js';

/** What is true in a world, whatever any coordinator believes. */
export interface Facts {
  /** The log's events, folded. */
  readonly state: State;
  readonly events: Event[];
  /** What ran, by attempt. */
  readonly runs: Map<string, Run>;
  /** What clients submitted, by request id. */
  readonly submissions: Map<string, SearchSpec>;
  /** How many trials more clients asked for, by request id. */
  readonly extensions: Map<string, number>;
  /** Studies that clients were told of, by request id. */
  readonly answers: Map<string, string>;
  /** All progress that each worker process sent, by sequence. */
  readonly progress: Map<string, Progress[]>;
  /** What each worker process presented in its last attach. */
  readonly presented: Map<string, readonly AttemptRef[]>;
}

/** Watches one invariant. Every hook answers what is wrong, or undefined. */
export interface Checker {
  /** The invariant, by its name in ARCHITECTURE.md. */
  readonly invariant: string;
  /** An event has become durable; the facts do not have it yet. */
  logged?(event: Event): string | undefined;
  /** A worker says what it holds. */
  held?(worker: string, holds: readonly AttemptRef[]): string | undefined;
  /** A coordinator has sent this to a worker. */
  told?(worker: string, response: SessionResponse): string | undefined;
  /** A coordinator has shown this. */
  shown?(board: Leaderboard): string | undefined;
  /** A client has its answer. */
  answered?(requestId: string, study: string, trial: number | undefined): string | undefined;
  /** A coordinator's own state, right after a commit. */
  live?(host: string, core: Core): string | undefined;
  /** All faults are over and everything had its time. */
  ended?(): string | undefined;
}

/** Whether an attempt is its trial's newest and may still be heard, by the log. */
export function isCurrent(state: State, { study, trial, attempt }: AttemptRef): boolean {
  const found = state.studies.get(study)?.trials[trial];
  if (found === undefined || found.attempts.length !== attempt) return false;
  if (found.status === 'running') return true;
  return found.status === 'waiting' && found.attempts.at(-1)!.ended?.end === 'lost';
}
