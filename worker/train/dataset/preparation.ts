import type { DataPlaces } from '../../data-places.js';

/** What getting a data set ready may use, and whom it tells that it takes long. */
export interface Preparation {
  readonly places: DataPlaces;
  /** Aborted: stop soon, by throwing the signal's reason. */
  readonly signal: AbortSignal;
  /** One line for the worker's log. */
  note(line: string): void;
}
