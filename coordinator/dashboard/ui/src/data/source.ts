import type { StudyJson, WorkerJson } from '../../../../../proto/json.js';
import type { Fault } from '../../../../spec/fault.js';
import type { StudyChange, StudyCurves, StudyTable, TrialDetail, TrialOutput } from '../../../wire.js';

export interface Overview {
  readonly studies: readonly StudyJson[];
  readonly workers: readonly WorkerJson[];
  readonly position: number;
  readonly nowMs: number;
}

/** Whether the pages hear of changes as they happen. */
export type Connection = 'connecting' | 'live' | 'lost';

export interface Following<T> {
  readonly change: (message: T) => void;
  readonly connection: (state: Connection) => void;
}

/** Where the pages get what they show: a coordinator, or the data inside an exported file. */
export interface Source {
  table(study: string): Promise<StudyTable>;
  curves(study: string): Promise<StudyCurves>;
  trial(study: string, number: number): Promise<TrialDetail>;
  /** The end of what a trial has printed; undefined where nothing of it is kept. */
  readonly output: ((study: string, number: number) => Promise<TrialOutput>) | undefined;
  /** Follows all studies and workers until the result is called. */
  followOverview(following: Following<Overview>): () => void;
  /** Follows a study from a log position on until the result is called. */
  followStudy(study: string, after: () => number, following: Following<StudyChange>): () => void;
  /** Asks for a change; undefined where nothing can be changed. */
  readonly act: Act | undefined;
  /** Asks for what an admin alone may ask for; undefined where that is nothing. */
  readonly rule: Act | undefined;
  /** Calls `listener` when the coordinator does not let this page in any more. The result ends that. */
  onTurnedAway(listener: () => void): () => void;
}

/** Posts a body to a path below the interface's root, or deletes what lies there. */
export type Act = (path: string, body: object, method?: 'POST' | 'DELETE') => Promise<unknown>;

/** What a request was answered when it was not what was asked for. `faults` are those of a search file. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: string;
  readonly faults: readonly Fault[] | undefined;

  constructor(code: string, message: string, faults?: readonly Fault[]) {
    super(message);
    this.code = code;
    this.faults = faults;
  }
}
