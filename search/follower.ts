import type { History, TrialRecord } from './history.js';

/**
 * Brings what is derived from a history up to date with it. Reading a history from its beginning and following it
 * along must lead to the same place: then whoever uses this has no memory that anyone could notice.
 */
export class Follower {
  readonly #reset: () => void;
  readonly #visit: (trial: TrialRecord) => void;
  #history: History | undefined;
  #seen = 0;

  /**
   * @param reset forgets everything; called before the first visit to another history
   * @param visit looks at a trial that is new or has changed; may be called again for one that has not
   */
  constructor(reset: () => void, visit: (trial: TrialRecord) => void) {
    this.#reset = reset;
    this.#visit = visit;
  }

  follow(history: History): void {
    if (history !== this.#history) {
      this.#reset();
      this.#history = history;
      this.#seen = 0;
    }
    for (; this.#seen < history.revision; this.#seen++) {
      this.#visit(history.get(history.changed(this.#seen))!);
    }
  }
}
