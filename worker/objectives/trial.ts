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

/**
 * Runs one attempt to its end, or to `trial.signal`.
 *
 * @throws {ObjectiveError} when the configuration or the data cannot be used
 * @throws {DatasetMismatchError} when the data set is not the one the study began with
 */
export type Objective = (trial: TrialContext) => Promise<void>;
