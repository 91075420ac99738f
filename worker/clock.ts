/** Calls a timer off. Harmless after it has run. */
export type Cancel = () => void;

/** Time as a session needs it. It comes in as an argument, so that a whole fleet can live in virtual time. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  after(ms: number, task: () => void): Cancel;
  every(ms: number, task: () => void): Cancel;
  /** After all that this turn of the event loop brings. */
  soon(task: () => void): void;
}

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
  every(ms, task) {
    const timer = setInterval(task, ms);
    return () => clearInterval(timer);
  },
  soon: (task) => void setImmediate(task),
};
