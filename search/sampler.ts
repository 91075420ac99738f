import type { History } from './history.js';
import type { Params } from './param.js';

export interface Suggestion {
  readonly params: Params;
  /** Whatever the sampler needs to find with the trial when it recomputes later suggestions. */
  readonly draws?: readonly number[];
}

export interface Sampler {
  readonly name: string;
  /**
   * Proposes the parameters of trial `number`: a function of (space, history, seed, number) alone.
   *
   * @returns undefined when nothing is left to propose
   */
  suggest(history: History, number: number): Suggestion | undefined;
}
