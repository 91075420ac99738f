import type { DataPlaces } from './data-places.js';
import type { OwnPlace, SavedCheckpoint, SavedFiles, Saving } from './objectives/trial.js';
import type { AttemptEnd } from './runner.js';

/**
 * What a worker and an attempt's process say to each other over their channel. It must be open with the `advanced`
 * serialization: JSON would turn a metric that is NaN or infinite into null.
 */
export type ToChild =
  /** Comes first: what to get ready for. Answered by `ready`. */
  | { readonly type: 'load'; readonly objective: string; readonly backend: string }
  /** Comes once: the attempt. The objective may be another than the one loaded. */
  | ({ readonly type: 'run' } & Job)
  /** End the attempt soon; `saveCheckpoint`: its trial goes on later. */
  | { readonly type: 'stop'; readonly saveCheckpoint: boolean };

/** One attempt, as its process needs it. */
export interface Job {
  readonly objective: string;
  readonly backend: string;
  readonly configJson: string;
  readonly paramsJson: string;
  /** A uint32. */
  readonly seed: number;
  readonly expectedDigest: string;
  readonly data: DataPlaces;
  /** Variables that the process sets before anything else: its GPUs, its share of the cores, what the study passes on. */
  readonly environment: Readonly<Record<string, string>>;
  /** For a study's own code. */
  readonly place?: OwnPlace | undefined;
  readonly checkpoint: SavedCheckpoint | undefined;
  readonly saving: Saving;
}

export type FromChild =
  | ({ readonly type: 'ready' } & Readiness)
  | { readonly type: 'started'; readonly datasetDigest: string }
  | { readonly type: 'report'; readonly step: number; readonly metrics: Readonly<Record<string, number>> }
  | ({ readonly type: 'save' } & SavedFiles)
  /** One line for the worker's log: something that takes long has come so far. */
  | { readonly type: 'note'; readonly note: string }
  /** The last message: the process has nothing more to do. */
  | ({ readonly type: 'ended' } & AttemptEnd & {
        /** Whether the end of what it printed may say more. */
        readonly seeOutput?: boolean | undefined;
      });

/** What came of `load`. */
export type Readiness =
  /** The backend's name and why it is that one, empty for an objective that uses none. */
  | { readonly ok: true; readonly backend: string; readonly backendReason: string }
  /** One line on why the objective or its backend cannot be used here. */
  | { readonly ok: false; readonly fault: string };
