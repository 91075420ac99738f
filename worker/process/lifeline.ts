import { Worker } from 'node:worker_threads';

/** The descriptor of a process's lifeline: a pipe whose other end only its worker holds. */
export const LIFELINE_FD = 4;

/** What the worker says on it: to stop, or to stop and save first. Both come to one number for each. */
export const STOPS = { stop: 's', save: 'S' } as const;
const STOPPING = 1;
const SAVING = 2;

/** @param said what came on the line */
export function stopOf(said: string): number {
  return said.includes(STOPS.save) ? SAVING : STOPPING;
}

/** What a thread watches for its process. */
export interface Lifeline {
  /** Whether the worker asked to stop; true at once, also while the process's own thread is in a loop. */
  readonly stopping: boolean;
  /** Whether it is to save a checkpoint first: known as soon as that it is to stop. */
  readonly saving: boolean;
}

/**
 * Watches the worker from a thread of its own: when the worker is gone, however it went, the thread kills the process and
 * all that it has started, also while the objective keeps the main thread in a loop.
 *
 * @param mark what its processes carry in their environment
 */
export function holdLifeline(mark: string | undefined): Lifeline {
  const stopping = new Int32Array(new SharedArrayBuffer(4));
  const workerData: LifelineData = { stopping, mark };
  const thread = new Worker(new URL('./lifeline-thread.js', import.meta.url), { workerData, env: {}, execArgv: [] });
  thread.unref();
  return {
    get stopping() {
      return Atomics.load(stopping, 0) !== 0;
    },
    get saving() {
      return Atomics.load(stopping, 0) === SAVING;
    },
  };
}

export interface LifelineData {
  readonly stopping: Int32Array;
  readonly mark: string | undefined;
}
