import type { Params } from '../../search/index.js';
import type { SearchSpec } from './spec.js';

/**
 * The facts of the log, in the past tense. They carry the results of chance and time (`params`, `at` in milliseconds
 * since the epoch), so that replay never asks a sampler or a clock.
 */
export type Event =
  | StudyCreated
  | StudyPaused
  | StudyResumed
  | StudyExhausted
  | StudyEnding
  | StudyFinished
  | StudyAdjusted
  | StudyReopened
  | StudyDeleted
  | DatasetPinned
  | ConfigurationEnqueued
  | TrialProposed
  | TrialWithdrawn
  | TrialInvalidated
  | AttemptStarted
  | AttemptResumed
  | TrialReported
  | StopRequested
  | FilesSaved
  | ArtifactsReleased
  | AttemptEnded
  | ResultIgnored;

/** Events of one trial, which `evolveTrial` folds. */
export type TrialEvent =
  | TrialProposed
  | TrialWithdrawn
  | TrialInvalidated
  | AttemptStarted
  | AttemptResumed
  | TrialReported
  | StopRequested
  | FilesSaved
  | ArtifactsReleased
  | AttemptEnded
  | ResultIgnored;

interface StudyEvent {
  readonly study: string;
  readonly at: number;
}

interface AttemptEvent extends StudyEvent {
  readonly trial: number;
  readonly attempt: number;
}

export interface StudyCreated extends StudyEvent {
  readonly type: 'StudyCreated';
  readonly requestId: string;
  readonly spec: SearchSpec & { readonly seed: number };
  /** The search file as it was submitted. */
  readonly source: string;
}

export interface StudyPaused extends StudyEvent {
  readonly type: 'StudyPaused';
}

export interface StudyResumed extends StudyEvent {
  readonly type: 'StudyResumed';
}

/** The sampler has nothing left to propose. */
export interface StudyExhausted extends StudyEvent {
  readonly type: 'StudyExhausted';
}

/** Why a study stops before its budget of trials is used, or that it was used. */
export type EndReason = 'trials' | 'exhausted' | 'time' | 'stopped' | 'failing';

/** Nothing more is proposed or started; running attempts are told to stop. */
export interface StudyEnding extends StudyEvent {
  readonly type: 'StudyEnding';
  readonly why: EndReason;
  /** One line for people. */
  readonly detail: string;
}

/** Every trial has its final state. */
export interface StudyFinished extends StudyEvent {
  readonly type: 'StudyFinished';
  readonly why: EndReason;
  readonly detail: string;
}

/** What people changed of a study while it ran, or after. What is absent stays. */
export interface StudyAdjusted extends StudyEvent {
  readonly type: 'StudyAdjusted';
  readonly requestId: string;
  /** The whole budget from now on. */
  readonly budget?: SearchSpec['budget'];
  /** 0: every free slot. */
  readonly parallel?: number;
  readonly priority?: number;
}

/** A study that had finished has budget again and goes on. */
export interface StudyReopened extends StudyEvent {
  readonly type: 'StudyReopened';
}

/** The tombstone of a study: nothing of it is left in the state, and its id is not given again. */
export interface StudyDeleted extends StudyEvent {
  readonly type: 'StudyDeleted';
}

/** The content of the study's data set, from the first attempt that read it. */
export interface DatasetPinned extends StudyEvent {
  readonly type: 'DatasetPinned';
  readonly digest: string;
  /** Which data, where parameters choose them: see `dataKeyOf`. */
  readonly key?: string | undefined;
}

/** A configuration to be run before the sampler is asked; parameters left out are drawn. */
export interface ConfigurationEnqueued extends StudyEvent {
  readonly type: 'ConfigurationEnqueued';
  readonly requestId: string;
  readonly params: Params;
}

export interface TrialProposed extends StudyEvent {
  readonly type: 'TrialProposed';
  readonly trial: number;
  readonly params: Params;
  /** Seed of everything random in its training, the same for every attempt; below 2^32. */
  readonly seed: number;
  /** A sampler's name, "enqueued", "repeat" or "rerun". */
  readonly origin: string;
  /** How many events the suggestion had seen. */
  readonly basedOn: number;
  /** Draws taken from each of the sampler's generators, where it keeps any. */
  readonly draws?: readonly number[];
  /** For a repeat: the first trial with its configuration. */
  readonly repeatOf?: number;
  /** For a re-run: the trial that it repeats, and the request that asked for it. */
  readonly rerunOf?: number;
  readonly requestId?: string;
}

/** A waiting or resting trial that will not run any more. */
export interface TrialWithdrawn extends StudyEvent {
  readonly type: 'TrialWithdrawn';
  readonly trial: number;
  readonly reason: string;
}

/** A trial leaves the ranking and the history. It keeps its number, and has been run as far as the budget is concerned. */
export interface TrialInvalidated extends StudyEvent {
  readonly type: 'TrialInvalidated';
  readonly trial: number;
  /** One line for people; may be empty. */
  readonly reason: string;
}

export interface AttemptStarted extends AttemptEvent {
  readonly type: 'AttemptStarted';
  /** The worker's id and name. */
  readonly worker: string;
  readonly workerName: string;
  /** The worker's GPUs that it was given, by id; absent for none. */
  readonly gpus?: readonly string[];
  /** Reports up to this step stay, and are not taken again; absent: the trial's reports are forgotten. */
  readonly knownStep?: number;
}

/** A lost attempt was heard of again before a successor was assigned, and goes on. */
export interface AttemptResumed extends AttemptEvent {
  readonly type: 'AttemptResumed';
}

/** JSON has no NaN and no infinities, so these are words in the log. */
export type LoggedNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export interface TrialReported extends AttemptEvent {
  readonly type: 'TrialReported';
  readonly step: number;
  readonly metrics: Readonly<Record<string, LoggedNumber>>;
}

/** Why an attempt is told to stop. `rest`: its trial is paused and may go on later. `person`: somebody asked for it. */
export type StopReason = 'pruned' | 'study' | 'rest' | 'person';

export interface StopRequested extends AttemptEvent {
  readonly type: 'StopRequested';
  readonly why: StopReason;
  /** One line for people, with the rule and the numbers. */
  readonly reason: string;
}

/** One file of what an attempt saved; its content is in the artifact store, under its hash. */
export interface ArtifactFile {
  readonly name: string;
  readonly artifact: string;
  readonly bytes: number;
}

/** An attempt saved files, which replace what its trial had of the same kind. The store has had them since before. */
export interface FilesSaved extends AttemptEvent {
  readonly type: 'CheckpointSaved' | 'WeightsSaved' | 'OutputSaved';
  /** The step after which they were made, 0 where that says nothing. */
  readonly step: number;
  readonly files: readonly ArtifactFile[];
  /** What was measured on a model beside the metrics of its step. */
  readonly metrics?: Readonly<Record<string, LoggedNumber>>;
}

/** A trial's files are not kept any longer: the study's `keep` has no place for them. */
export interface ArtifactsReleased extends StudyEvent {
  readonly type: 'ArtifactsReleased';
  readonly trial: number;
  readonly kind: 'weights' | 'output';
}

/** How an attempt ended. */
export type AttemptEnd =
  | 'completed'
  | 'stopped'
  | 'paused'
  | 'failed'
  | 'timed_out'
  | 'lost'
  | 'handed_back'
  | 'refused';

/** What becomes of a trial whose attempt has ended. */
export type Fate = 'waiting' | 'paused' | 'complete' | 'pruned' | 'failed';

export interface AttemptEnded extends AttemptEvent {
  readonly type: 'AttemptEnded';
  readonly end: AttemptEnd;
  readonly fate: Fate;
  /** One line for people; empty for a plain completion. */
  readonly reason: string;
  /** Of a trial that waits again: not to be started before this time; absent: at once. */
  readonly retryAt?: number;
}

/** What a worker says of the end of its attempt. */
export type ReportedEnd = 'completed' | 'stopped' | 'failed' | 'timed_out' | 'handed_back' | 'refused';

/** The result of an attempt came after another had taken its place, or after its trial's end. It changes nothing. */
export interface ResultIgnored extends AttemptEvent {
  readonly type: 'ResultIgnored';
  readonly end: ReportedEnd;
}

/** The logged form of a metric. */
export function toLogged(value: number): LoggedNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** The number that {@link toLogged} wrote. */
export function fromLogged(value: LoggedNumber): number {
  return typeof value === 'number' ? value : Number(value);
}
