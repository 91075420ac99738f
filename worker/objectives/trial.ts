import type { DataPlaces } from '../data-places.js';

/** What one attempt gives its objective, and what it takes from it. */
export interface TrialContext {
  readonly params: Readonly<Record<string, number | string | boolean>>;
  /** The objective's configuration as it came over the wire: parsed JSON, unchecked. */
  readonly config: unknown;
  /** A uint32. Everything the objective draws derives from it. */
  readonly seed: number;
  /** Where this worker finds and keeps data sets. */
  readonly data: DataPlaces;
  /** The digest the data set must have, or '' when the study has none yet. */
  readonly expectedDigest: string;
  /** Where a study's own code lies and works; absent for the built-in objectives. */
  readonly place?: OwnPlace | undefined;
  /** Whether the attempt is to stop: what `signal` will say as soon as its thread gives way to the event loop. */
  readonly stopping: () => boolean;
  /** Aborted: stop within one training step, free what was taken, and return without an error. */
  readonly signal: AbortSignal;
  /** To be called once, when data and model are ready. `datasetDigest` is '' for an objective without data. */
  started(info: { readonly datasetDigest: string }): void;
  /** The metrics of one step. Steps count from 1 and rise; a metric may be NaN or infinite. */
  report(step: number, metrics: Readonly<Record<string, number>>): void;
  /** What an earlier attempt has saved, to go on from; undefined to begin at the beginning. */
  readonly checkpoint: SavedCheckpoint | undefined;
  readonly saving: Saving;
  /** Saves files; they replace what was saved before of the same kind. A checkpoint's step has been reported before. */
  save(saved: SavedFiles): void;
  /** Once `signal` is aborted: whether what has been done so far is worth a checkpoint, because the trial will go on. */
  savesCheckpointAtStop(): boolean;
  /** One line for the worker's log while something takes long, such as a download. */
  note(line: string): void;
}

/** Folders of an attempt that runs a study's own code, absolute, and what it is an attempt at. */
export interface OwnPlace {
  readonly study: string;
  readonly trial: number;
  readonly attempt: number;
  /** Where the code lies; an uploaded or fetched one is the attempt's own copy. */
  readonly code: string;
  /** The attempt's own, empty at its beginning and gone after its end. */
  readonly directory: string;
  /** What the last attempt left for this one, and what this one leaves for the next. */
  readonly checkpoint: string;
}

/** A checkpoint's files by name. */
export interface SavedCheckpoint {
  /** The step after which it was made: the next one to report is the one after it. */
  readonly step: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What an attempt is to save. */
export interface Saving {
  /** A checkpoint after so many steps; 0: now and then. */
  readonly checkpointEvery: number;
  /** Whether the model of the trial's value is wanted. */
  readonly weights: boolean;
  /** What makes the trial's value. */
  readonly metric: { readonly name: string; readonly maximize: boolean; readonly best: boolean };
}

/** Files that an attempt saves. */
export interface SavedFiles {
  readonly kind: 'checkpoint' | 'weights';
  readonly step: number;
  /** By name; see `ArtifactFile` for what a name may be. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What was measured on a model beside the metrics of its step. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * Runs one attempt to its end, or to `trial.signal`.
 *
 * @throws {ObjectiveError} when the configuration or the data cannot be used
 * @throws {DatasetMismatchError} when the data set is not the one the study began with
 */
export type Objective = (trial: TrialContext) => Promise<void>;
