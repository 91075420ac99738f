import type { Params } from '../../search/index.js';
import type {
  ArtifactFile,
  AttemptEnd,
  AttemptEnded,
  FilesSaved,
  LoggedNumber,
  ReportedEnd,
  StopReason,
  TrialEvent,
  TrialProposed,
} from './events.js';

/** One try of a worker. */
export interface Attempt {
  readonly number: number;
  readonly worker: string;
  readonly workerName: string;
  readonly startedAt: number;
  /** By id; empty for none. */
  readonly gpus: readonly string[];
  readonly ended?: { readonly at: number; readonly end: AttemptEnd; readonly reason: string };
  /** What its worker said of its end when that did not count any more. */
  readonly lateEnd?: ReportedEnd;
}

/** All metrics of one step. */
export interface StepReport {
  readonly step: number;
  readonly metrics: Readonly<Record<string, LoggedNumber>>;
}

/** Files in the artifact store. */
export interface Saved {
  /** The attempt that saved them. */
  readonly attempt: number;
  /** The step after which they were made. */
  readonly step: number;
  readonly files: readonly ArtifactFile[];
  readonly metrics?: Readonly<Record<string, LoggedNumber>>;
}

interface TrialBase {
  readonly number: number;
  readonly params: Params;
  /** Seed of its training, the same for every attempt. */
  readonly seed: number;
  readonly origin: string;
  readonly basedOn: number;
  readonly proposedAt: number;
  /** See `TrialProposed`. */
  readonly draws?: readonly number[];
  readonly repeatOf?: number;
  readonly rerunOf?: number;
  /** Oldest first. The newest one's number is the fencing token. */
  readonly attempts: readonly Attempt[];
  /** Reports of the newest attempt and of those before it up to where it went on, by step. Appended to in place. */
  readonly reports: readonly StepReport[];
  /** Where the next attempt goes on. Gone with the trial's end. */
  readonly checkpoint?: Saved;
  /** The model at the step of the value. */
  readonly weights?: Saved;
  /** The end of what the newest attempt that told it printed. */
  readonly output?: Saved;
  /** Why it was taken out of ranking and history; absent for one that counts. */
  readonly invalidated?: string;
}

/**
 * A trial's life:
 *
 * ```
 *   TrialProposed            AttemptStarted, AttemptResumed
 *  ────────────────▶ waiting ◀───────────────────────────▶ running ──▶ complete | pruned | failed
 *                       │      AttemptEnded, waiting        ▲     │     AttemptEnded, final
 *                       │                    AttemptStarted │     │ AttemptEnded, paused
 *                       │                                   │     ▼
 *                       └──▶ pruned ◀────────────────────── paused
 *                            TrialWithdrawn
 * ```
 *
 * The newest attempt of a waiting trial, if it has one, and of a paused one has ended. Final states never change.
 */
export type Trial = WaitingTrial | RunningTrial | PausedTrial | FinalTrial;

export interface WaitingTrial extends TrialBase {
  readonly status: 'waiting';
  /** Not to be started before this time; absent: at once. */
  readonly notBefore?: number;
}

/** Rests until it is promoted. Its reports stay. */
export interface PausedTrial extends TrialBase {
  readonly status: 'paused';
  readonly reason: string;
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

/** Whether its state will never change. */
export function isFinal(trial: Trial): trial is FinalTrial {
  return trial.status === 'complete' || trial.status === 'pruned' || trial.status === 'failed';
}

/** Whether an attempt ended because the code or its machine failed. */
export function isFailure({ ended }: Attempt): boolean {
  return ended?.end === 'failed' || ended?.end === 'timed_out';
}

/** Whether it shows that its worker works: it came to its end, or ended when it was told to. */
export function succeeded({ ended }: Attempt): boolean {
  return ended?.end === 'completed' || ended?.end === 'stopped' || ended?.end === 'paused';
}

/**
 * What a trial's training took: its attempts' times from start to end. Undefined where one of them came to nothing, for
 * then nobody knows how much was trained twice, and for a trial that was never started.
 */
export function trainingSeconds({ attempts }: Trial): number | undefined {
  let seconds = 0;
  for (const { startedAt, ended } of attempts) {
    if (ended?.end !== 'completed' && ended?.end !== 'stopped' && ended?.end !== 'paused') return undefined;
    // A clock may have been put back.
    seconds += Math.max(0, ended.at - startedAt) / 1000;
  }
  return attempts.length === 0 ? undefined : seconds;
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
    case 'TrialWithdrawn': {
      if (!mayStart(trial)) throw broken(event, `the trial is ${trial.status}`);
      return finalOf(trial, trial.attempts, 'pruned', event);
    }
    case 'TrialInvalidated':
      return { ...trial, invalidated: event.reason };
    case 'AttemptStarted': {
      if (!mayStart(trial)) throw broken(event, `the trial is ${trial.status}`);
      if (event.attempt !== attemptNumber(trial) + 1) throw broken(event, `the newest is ${attemptNumber(trial)}`);
      const { knownStep = 0, gpus = NO_GPUS } = event;
      const { attempt: number, worker, workerName, at: startedAt } = event;
      const attempts = [...trial.attempts, { number, worker, workerName, startedAt, gpus }];
      // Another array each time: what this attempt reports is appended to it.
      const reports = trial.reports.filter(({ step }) => step <= knownStep);
      return runningOf(without(trial, 'weights'), attempts, reports);
    }
    case 'AttemptResumed': {
      const attempt = newestAttempt(trial);
      if (trial.status !== 'waiting' || attempt?.number !== event.attempt) throw broken(event, 'it cannot go on');
      const { ended: _, ...running } = attempt;
      return runningOf(trial, [...trial.attempts.slice(0, -1), running], trial.reports);
    }
    case 'TrialReported':
      if (trial.status !== 'running' || attemptNumber(trial) !== event.attempt) throw broken(event, 'it does not run');
      (trial.reports as StepReport[]).push({ step: event.step, metrics: event.metrics });
      return trial;
    case 'StopRequested':
      if (trial.status !== 'running' || attemptNumber(trial) !== event.attempt) throw broken(event, 'it does not run');
      return { ...trial, stopping: { why: event.why, reason: event.reason } };
    case 'CheckpointSaved':
      return { ...runningAs(trial, event), checkpoint: savedIn(event) };
    case 'WeightsSaved':
      return { ...runningAs(trial, event), weights: savedIn(event) };
    case 'OutputSaved':
      return { ...runningAs(trial, event), output: savedIn(event) };
    case 'ArtifactsReleased': {
      if (trial[event.kind] === undefined) throw broken(event, 'it has none');
      const { [event.kind]: _, ...rest } = trial;
      return rest as Trial;
    }
    case 'AttemptEnded': {
      const attempt = newestAttempt(trial);
      if (trial.status !== 'running' || attempt?.number !== event.attempt) throw broken(event, 'it does not run');
      const attempts = [...trial.attempts.slice(0, -1), endedAs(attempt, event)];
      if (event.fate === 'waiting') return waitingOf(trial, attempts, event.retryAt);
      if (event.fate === 'paused') return pausedOf(trial, attempts, event.reason);
      return finalOf(trial, attempts, event.fate, event);
    }
    case 'ResultIgnored': {
      const attempt = trial.attempts[event.attempt - 1];
      if (attempt?.ended === undefined) throw broken(event, 'its attempt has not ended');
      return { ...trial, attempts: trial.attempts.with(event.attempt - 1, { ...attempt, lateEnd: event.end }) };
    }
  }
}

function runningAs(trial: Trial, event: FilesSaved): RunningTrial {
  if (trial.status !== 'running' || attemptNumber(trial) !== event.attempt) throw broken(event, 'it does not run');
  return trial;
}

function savedIn({ attempt, step, files, metrics }: FilesSaved): Saved {
  return { attempt, step, files, ...(metrics === undefined ? {} : { metrics }) };
}

function mayStart(trial: Trial): trial is WaitingTrial | PausedTrial {
  return trial.status === 'waiting' || trial.status === 'paused';
}

/*
 * A trial in its next status is written out field by field, and so is an attempt. A copy by spreading would be of a hidden
 * class of its own, and whoever looks at many trials would look each of their fields up anew: that took a quarter of the time
 * in which a trial is decided about, and a fifth of its memory.
 */

const NO_GPUS: readonly string[] = [];

function waitingOf(trial: TrialBase, attempts: readonly Attempt[], notBefore: number | undefined): WaitingTrial {
  const { number, params, seed, origin, basedOn, proposedAt, reports } = trial;
  const waiting = { number, params, seed, origin, basedOn, proposedAt, attempts, reports, status: 'waiting' as const };
  return withRare<WaitingTrial>(notBefore === undefined ? waiting : { ...waiting, notBefore }, trial);
}

function runningOf(trial: TrialBase, attempts: readonly Attempt[], reports: readonly StepReport[]): RunningTrial {
  const { number, params, seed, origin, basedOn, proposedAt } = trial;
  return withRare({ number, params, seed, origin, basedOn, proposedAt, attempts, reports, status: 'running' }, trial);
}

function pausedOf(trial: TrialBase, attempts: readonly Attempt[], reason: string): PausedTrial {
  const { number, params, seed, origin, basedOn, proposedAt, reports } = trial;
  return withRare(
    { number, params, seed, origin, basedOn, proposedAt, attempts, reports, status: 'paused', reason },
    trial,
  );
}

function finalOf(
  trial: TrialBase,
  attempts: readonly Attempt[],
  status: FinalTrial['status'],
  { at: endedAt, reason }: { readonly at: number; readonly reason: string },
): FinalTrial {
  const { number, params, seed, origin, basedOn, proposedAt } = trial;
  // A copy has no room for more, and nothing will be appended to it.
  const reports = trial.reports.slice();
  return withRare(
    { number, params, seed, origin, basedOn, proposedAt, attempts, reports, status, endedAt, reason },
    without(trial, 'checkpoint'),
  );
}

function endedAs(attempt: Attempt, { at, end, reason }: AttemptEnded): Attempt {
  const { number, worker, workerName, startedAt, gpus, lateEnd } = attempt;
  const ended = { number, worker, workerName, startedAt, gpus, ended: { at, end, reason } };
  return lateEnd === undefined ? ended : { ...ended, lateEnd };
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** Gives a trial what few have and all keep from one status to the next. */
function withRare<T extends TrialBase>(trial: T, from: TrialBase): T {
  const to = withOrigin(trial, from) as Draft<TrialBase>;
  if (from.checkpoint !== undefined) to.checkpoint = from.checkpoint;
  if (from.weights !== undefined) to.weights = from.weights;
  if (from.output !== undefined) to.output = from.output;
  if (from.invalidated !== undefined) to.invalidated = from.invalidated;
  return trial;
}

/** Gives a trial what few have of their proposal. */
function withOrigin<T extends TrialBase>(trial: T, from: Pick<TrialBase, 'draws' | 'repeatOf' | 'rerunOf'>): T {
  const to: Draft<TrialBase> = trial;
  if (from.draws !== undefined) to.draws = from.draws;
  if (from.repeatOf !== undefined) to.repeatOf = from.repeatOf;
  if (from.rerunOf !== undefined) to.rerunOf = from.rerunOf;
  return trial;
}

/** A copy without a field, where it has that. */
function without<K extends 'checkpoint' | 'weights'>(trial: TrialBase, field: K): TrialBase {
  if (trial[field] === undefined) return trial;
  const { [field]: _, ...rest } = trial;
  return rest as TrialBase;
}

function proposed(event: TrialProposed): WaitingTrial {
  const { trial: number, params, seed, origin, basedOn, at: proposedAt } = event;
  return withOrigin(
    { number, params, seed, origin, basedOn, proposedAt, attempts: [], reports: [], status: 'waiting' },
    event,
  );
}

function broken(event: TrialEvent, why: string): Error {
  return new Error(`the log is broken: ${event.type} of trial ${event.trial} in ${event.study} at ${event.at}: ${why}`);
}
