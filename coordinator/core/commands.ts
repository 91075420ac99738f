import type { Params } from '../../search/index.js';
import type { SavedFiles } from './artifacts.js';
import type { AttemptName } from './attempt-name.js';
import type { ReportedEnd } from './events.js';
import type { GpuUse, Leaving, WorkerProfile } from './fleet.js';
import type { SearchSpec } from './spec.js';

/** What the outside asks of the core. Times come with `execute`, not with the command. */
export type Command =
  | CreateStudy
  | ControlStudy
  | AdjustStudy
  | DeleteStudy
  | RerunTrial
  | StopTrial
  | InvalidateTrial
  | EnqueueTrial
  | AttachWorker
  | HearWorker
  | RecordProgress
  | DrainWorker
  | DismissWorker
  | PardonWorker
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

/** Changes a budget, the parallelism or the priority. What is absent stays. */
export interface AdjustStudy {
  readonly type: 'AdjustStudy';
  readonly requestId: string;
  readonly study: string;
  readonly trials?: Amount;
  readonly timeMs?: Amount;
  /** 0: every free slot. */
  readonly parallel?: number;
  readonly priority?: number;
}

/** So many in all, or so many more than there were. */
export type Amount = { readonly total: number } | { readonly more: number };

export interface DeleteStudy {
  readonly type: 'DeleteStudy';
  readonly study: string;
}

/** Ends one trial early, with what it has. */
export interface StopTrial {
  readonly type: 'StopTrial';
  readonly study: string;
  readonly trial: number;
}

/** Takes one trial out of the ranking and the history. */
export interface InvalidateTrial {
  readonly type: 'InvalidateTrial';
  readonly study: string;
  readonly trial: number;
  readonly reason: string;
}

/** Adds a configuration, checked against the space, to those that are run before the sampler is asked. */
export interface EnqueueTrial {
  readonly type: 'EnqueueTrial';
  readonly requestId: string;
  readonly study: string;
  readonly params: Params;
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
    readonly outcome: ReportedEnd;
    readonly error: string;
  })[];
}

/** The worker says that it leaves. */
export interface DrainWorker {
  readonly type: 'DrainWorker';
  readonly worker: string;
}

/** Somebody wants a worker to leave. */
export interface DismissWorker {
  readonly type: 'DismissWorker';
  /** Its id or its name. */
  readonly worker: string;
  readonly leaving: Leaving;
}

/** Somebody has mended a worker that is in quarantine. */
export interface PardonWorker {
  readonly type: 'PardonWorker';
  /** Its id or its name. */
  readonly worker: string;
}

/** The worker's stream ended. */
export interface DetachWorker {
  readonly type: 'DetachWorker';
  readonly worker: string;
}

/** Leases, time limits, wall-time budgets, waiting times and quarantines are compared with the clock. */
export interface CheckDeadlines {
  readonly type: 'CheckDeadlines';
}

/** Calls `visit` with each study whose trials a command may be about; the empty id is the latest one's. */
export function forEachStudyOf(command: Command, visit: (study: string) => void): void {
  switch (command.type) {
    case 'ControlStudy':
    case 'AdjustStudy':
    case 'DeleteStudy':
    case 'StopTrial':
    case 'InvalidateTrial':
    case 'EnqueueTrial':
    case 'RerunTrial':
      visit(command.study);
      break;
    case 'AttachWorker':
    case 'HearWorker':
      for (const { study } of command.holds) visit(study);
      break;
    case 'RecordProgress':
      for (const { study } of command.started) visit(study);
      for (const { study } of command.reports) visit(study);
      for (const { study } of command.saved) visit(study);
      for (const { study } of command.results) visit(study);
      break;
    case 'CreateStudy':
    case 'DrainWorker':
    case 'DismissWorker':
    case 'PardonWorker':
    case 'DetachWorker':
    case 'CheckDeadlines':
      break;
  }
}
