import type { SavedFiles } from './artifacts.js';
import type { AttemptName, GpuUse, WorkerProfile } from './fleet.js';
import type { SearchSpec } from './spec.js';

/** What the outside asks of the core. Times come with `execute`, not with the command. */
export type Command =
  | CreateStudy
  | ControlStudy
  | RerunTrial
  | AttachWorker
  | HearWorker
  | RecordProgress
  | DrainWorker
  | DetachWorker
  | CheckDeadlines;

export interface CreateStudy {
  readonly type: 'CreateStudy';
  /** Empty: never a repetition. */
  readonly requestId: string;
  readonly spec: SearchSpec;
  readonly source: string;
  /** Used when the spec has none: drawn by the caller, below 2^32. */
  readonly drawnSeed: number;
}

export interface ControlStudy {
  readonly type: 'ControlStudy';
  readonly study: string;
  readonly action: 'pause' | 'resume' | 'stop';
}

export interface RerunTrial {
  readonly type: 'RerunTrial';
  readonly requestId: string;
  readonly study: string;
  readonly trial: number;
  /** Another seed than the trial's own. */
  readonly seed?: number;
}

/** A worker opens a session and presents the attempts it holds. */
export interface AttachWorker {
  readonly type: 'AttachWorker';
  readonly profile: WorkerProfile;
  readonly holds: readonly AttemptName[];
}

/** A heartbeat. */
export interface HearWorker {
  readonly type: 'HearWorker';
  readonly worker: string;
  readonly holds: readonly AttemptName[];
  /** Absent: as before. */
  readonly gpuUse?: readonly GpuUse[];
}

/** What attempts of one worker did, in order: what started, then reports, what was saved, then results. */
export interface RecordProgress {
  readonly type: 'RecordProgress';
  readonly worker: string;
  readonly started: readonly (AttemptName & { readonly datasetDigest: string })[];
  readonly reports: readonly (AttemptName & {
    readonly step: number;
    readonly metrics: Readonly<Record<string, number>>;
  })[];
  readonly saved: readonly (AttemptName & SavedFiles)[];
  readonly results: readonly (AttemptName & {
    readonly outcome: 'completed' | 'stopped' | 'failed' | 'handed_back' | 'refused';
    readonly error: string;
  })[];
}

export interface DrainWorker {
  readonly type: 'DrainWorker';
  readonly worker: string;
}

/** The worker's stream ended. */
export interface DetachWorker {
  readonly type: 'DetachWorker';
  readonly worker: string;
}

/** Leases and wall-time budgets are compared with the clock. */
export interface CheckDeadlines {
  readonly type: 'CheckDeadlines';
}
