/** What a module of your own gets: write `export async function objective(trial: Trial) {...}`. */
export interface Trial<P extends Params = Params> {
  /** The active parameters. */
  readonly params: Readonly<P>;
  /** What the search file says under `module.config`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Seed of everything random, the same for every attempt at this trial; below 2^32. */
  readonly seed: number;
  /** The study's id, the trial's number in it from 0, and the number of this try at it from 1. */
  readonly study: string;
  readonly number: number;
  readonly attempt: number;
  /** A folder of this attempt's own, absolute; gone after its end. */
  readonly directory: string;
  /** What outlives an attempt that is lost. */
  readonly checkpoint: Checkpoint;
  /** True as soon as the trial is to end: save what is to be kept and return. True also while your code is in a loop. */
  readonly shouldStop: boolean;
  /** The same as an `AbortSignal`, for what takes one. It fires when your code gives way to the event loop. */
  readonly signal: AbortSignal;
  /**
   * Reports metrics. Every report is shown, and may end the trial early.
   *
   * @param step rises from 0 or 1; left out, it is one more than the last
   * @throws {Error} when a metric is no number or the step does not rise
   */
  report(metrics: Readonly<Record<string, number>>, step?: number): void;
}

/** The parameters of a search file. */
export type Params = Readonly<Record<string, number | string | boolean>>;

/** What an attempt leaves for the one that follows when it is lost. */
export interface Checkpoint {
  /** The folder, absolute. You may write files of your own into it. */
  readonly directory: string;
  /**
   * Saves JSON, a text or bytes in the place of what was saved before: whole, or not at all. With it, everything in the
   * folder is kept, as it is after the last report.
   */
  save(state: unknown): Promise<void>;
  /** What was saved last, by this attempt or the one before; undefined when there is nothing. */
  load<T = unknown>(): Promise<T | undefined>;
}

/** The function that a module exports. */
export type Objective<P extends Params = Params> = (trial: Trial<P>) => void | Promise<void>;
