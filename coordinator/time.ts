import { setTimeout as sleep } from 'node:timers/promises';

/** Time as those who wait need it. It comes in as an argument, so that whole clusters can live in virtual time. */
export interface Time {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Resolves after a while, or at once when the signal is aborted. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** Does something again and again, until what it returns is called. */
  every(ms: number, task: () => void): () => void;
}

/** The time of this process. */
export const systemTime: Time = {
  now: () => performance.now(),
  pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  every(ms, task) {
    const timer = setInterval(task, ms);
    return () => clearInterval(timer);
  },
};
