import type { Params } from '../../search/index.js';
import type { AttemptEnd, LoggedNumber, StopReason, TrialEvent, TrialProposed } from './events.js';

/** One try of a worker. `endedAt` and `end` are there once it has ended. */
export interface Attempt {
  readonly number: number;
  readonly worker: string;
  readonly workerName: string;
  readonly startedAt: number;
  readonly ended?: { readonly at: number; readonly end: AttemptEnd; readonly reason: string };
}

/** All metrics of one step. */
export interface StepReport {
  readonly step: number;
  readonly metrics: Readonly<Record<string, LoggedNumber>>;
}

interface TrialBase {
  readonly number: number;
  readonly params: Params;
  /** Seed of its training, the same for every attempt. */
  readonly seed: number;
  readonly origin: string;
  readonly basedOn: number;
  readonly proposedAt: number;
  readonly repeatOf?: number;
  readonly rerunOf?: number;
  /** Oldest first. The newest one's number is the fencing token. */
  readonly attempts: readonly Attempt[];
  /** Reports of the newest attempt, by step. Appended to in place. */
  readonly reports: readonly StepReport[];
}

/**
 * A trial's life:
 *
 * ```
 *   TrialProposed            AttemptStarted, AttemptResumed
 *  ────────────────▶ waiting ◀───────────────────────────▶ running ──▶ complete | pruned | failed
 *                       │      AttemptEnded, waiting        AttemptEnded, final
 *                       └──▶ pruned (TrialWithdrawn)
 * ```
 *
 * A waiting trial's newest attempt, if it has one, has ended. Final states never change.
 */
export type Trial = WaitingTrial | RunningTrial | FinalTrial;

export interface WaitingTrial extends TrialBase {
  readonly status: 'waiting';
}

export interface RunningTrial extends TrialBase {
  readonly status: 'running';
  /** Set once the attempt was told to stop. */
  readonly stopping?: { readonly why: StopReason; readonly reason: string };
}

export interface FinalTrial extends TrialBase {
  readonly status: 'complete' | 'pruned' | 'failed';
  readonly endedAt: number;
  /** Why it was pruned or failed; empty for a complete one. */
  readonly reason: string;
}

/** The newest attempt, if any. */
export function newestAttempt(trial: Trial): Attempt | undefined {
  return trial.attempts.at(-1);
}

/** The fencing token: 0 before the first attempt. */
export function attemptNumber(trial: Trial): number {
  return trial.attempts.length;
}

/**
 * Folds one event into a trial. It owns its argument: reports are appended in place, because copying them for every
 * report makes a long curve quadratic.
 *
 * @throws {Error} when the event cannot follow: the log is broken, which is a bug and not an operating error
 */
export function evolveTrial(trial: Trial | undefined, event: TrialEvent): Trial {
  if (event.type === 'TrialProposed') {
    if (trial !== undefined) throw broken(event, 'the trial exists');
    return proposed(event);
  }
  if (trial === undefined) throw broken(event, 'no such trial');
  switch (event.type) {
    case 'TrialWithdrawn':
      if (trial.status !== 'waiting') throw broken(event, `the trial is ${trial.status}`);
      return { ...trial, status: 'pruned', endedAt: event.at, reason: event.reason };
    case 'AttemptStarted':
      if (trial.status !== 'waiting') throw broken(event, `the trial is ${trial.status}`);
      if (event.attempt !== attemptNumber(trial) + 1) throw broken(event, `the newest is ${attemptNumber(trial)}`);
      return {
        ...trial,
        status: 'running',
        attempts: [
          ...trial.attempts,
          { number: event.attempt, worker: event.worker, workerName: event.workerName, startedAt: event.at },
        ],
        reports: [],
      };
    case 'AttemptResumed': {
      const attempt = newestAttempt(trial);
      if (trial.status !== 'waiting' || attempt?.number !== event.attempt) throw broken(event, 'it cannot go on');
      const { ended: _, ...running } = attempt;
      return { ...trial, status: 'running', attempts: [...trial.attempts.slice(0, -1), running] };
    }
    case 'TrialReported':
      if (trial.status !== 'running' || attemptNumber(trial) !== event.attempt) throw broken(event, 'it does not run');
      (trial.reports as StepReport[]).push({ step: event.step, metrics: event.metrics });
      return trial;
    case 'StopRequested':
      if (trial.status !== 'running' || attemptNumber(trial) !== event.attempt) throw broken(event, 'it does not run');
      return { ...trial, stopping: { why: event.why, reason: event.reason } };
    case 'AttemptEnded': {
      const attempt = newestAttempt(trial);
      if (trial.status !== 'running' || attempt?.number !== event.attempt) throw broken(event, 'it does not run');
      const { stopping: _, ...rest } = trial;
      const ended = { ...attempt, ended: { at: event.at, end: event.end, reason: event.reason } };
      const base = { ...rest, attempts: [...trial.attempts.slice(0, -1), ended] };
      return event.fate === 'waiting'
        ? { ...base, status: 'waiting' }
        : { ...base, status: event.fate, endedAt: event.at, reason: event.reason };
    }
  }
}

function proposed(event: TrialProposed): WaitingTrial {
  return {
    number: event.trial,
    params: event.params,
    seed: event.seed,
    origin: event.origin,
    basedOn: event.basedOn,
    proposedAt: event.at,
    ...(event.repeatOf === undefined ? {} : { repeatOf: event.repeatOf }),
    ...(event.rerunOf === undefined ? {} : { rerunOf: event.rerunOf }),
    attempts: [],
    reports: [],
    status: 'waiting',
  };
}

function broken(event: TrialEvent, why: string): Error {
  return new Error(`the log is broken: ${event.type} of trial ${event.trial} in ${event.study} at ${event.at}: ${why}`);
}
