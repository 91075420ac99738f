import { type AttemptName, keyOf } from '../core/attempt-name.js';

/** The end of what an attempt has printed so far. */
export interface LiveOutput {
  /** How many bytes it has printed in all. */
  readonly totalBytes: number;
  /** The last of them. */
  readonly data: Uint8Array;
}

/** How long a worker may take to answer, milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * Asks workers what their attempts have printed, when somebody wants to see it: nothing of it is kept, and nothing is sent
 * that nobody asked for.
 */
export class LiveOutputs {
  readonly #askers = new Map<string, (attempt: AttemptName) => void>();
  readonly #waiting = new Map<string, Set<(output: LiveOutput | undefined) => void>>();

  /** A worker's session is open. @param ask sends it the question */
  opened(worker: string, ask: (attempt: AttemptName) => void): void {
    this.#askers.set(worker, ask);
  }

  closed(worker: string, ask: (attempt: AttemptName) => void): void {
    if (this.#askers.get(worker) === ask) this.#askers.delete(worker);
  }

  heard(attempt: AttemptName, output: LiveOutput): void {
    const key = keyOf(attempt);
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const answer of waiting ?? []) answer(output);
  }

  /** Undefined when the worker is away, does not run it any more, or does not answer. */
  ask(worker: string, attempt: AttemptName): Promise<LiveOutput | undefined> {
    const asker = this.#askers.get(worker);
    if (asker === undefined) return Promise.resolve(undefined);
    const key = keyOf(attempt);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting);
      const answer = (output: LiveOutput | undefined): void => {
        clearTimeout(late);
        resolve(output);
      };
      const late = setTimeout(() => {
        waiting.delete(answer);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        resolve(undefined);
      }, PATIENCE_MS);
      waiting.add(answer);
      // One question serves all who wait for its answer.
      if (waiting.size === 1) asker(attempt);
    });
  }
}
