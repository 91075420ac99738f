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
  /** Aborted: stop within one training step, free what was taken, and return without an error. */
  readonly signal: AbortSignal;
  /** To be called once, when data and model are ready. `datasetDigest` is '' for an objective without data. */
  started(info: { readonly datasetDigest: string }): void;
  /** The metrics of one step. Steps count from 1 and rise; a metric may be NaN or infinite. */
  report(step: number, metrics: Readonly<Record<string, number>>): void;
  /** One line for the worker's log while something takes long, such as a download. */
  note(line: string): void;
}

/**
 * Runs one attempt to its end, or to `trial.signal`.
 *
 * @throws {ObjectiveError} when the configuration or the data cannot be used
 * @throws {DatasetMismatchError} when the data set is not the one the study began with
 */
export type Objective = (trial: TrialContext) => Promise<void>;
