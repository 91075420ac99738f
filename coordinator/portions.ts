import type { Core } from './core/transaction.js';

/**
 * Something long that is done in portions. It yields what it has cost since it last did, in microseconds or so: not by a
 * clock, so that the same work has the same portions wherever it is done.
 */
export type Work<T> = Generator<number, T, void>;

/** What one portion may cost: nobody waits longer than for one, and one is not so short that going on costs more. */
const PORTION = 3_000;

/** Looks at a state that the log holds, as {@link Coordinator.view} does. */
interface Views {
  view<T>(look: (core: Core) => T): Promise<T>;
}

/**
 * Looks that would hold everybody up, in portions between which the coordinator does what else there is to do. One portion
 * of all that are under way is done at a time, each one's in turn.
 */
export class Portions {
  readonly #coordinator: Views;
  readonly #portion: number;
  /** Settles when no portion is being done. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(coordinator: Views, portion: number = PORTION) {
    this.#coordinator = coordinator;
    this.#portion = portion;
  }

  /**
   * Does a piece of work. What it is given is good until it yields: afterwards it may have changed, and what must not is to be
   * copied before.
   *
   * @param begin called once more when it asks for a study that is not in memory
   */
  async do<T>(begin: (core: Core) => Work<T>): Promise<T> {
    let work: Work<T> | undefined;
    for (;;) {
      const turn = this.#turn.then(() =>
        this.#coordinator.view((core) => {
          try {
            work ??= begin(core);
            return this.#portionOf(work);
          } catch (error) {
            work = undefined;
            throw error;
          }
        }),
      );
      this.#turn = turn.catch(() => {});
      const step = await turn;
      if (step.done === true) return step.value;
    }
  }

  #portionOf<T>(work: Work<T>): IteratorResult<number, T> {
    for (let cost = 0; ; ) {
      const step = work.next();
      if (step.done === true) return step;
      cost += step.value;
      if (cost >= this.#portion) return step;
    }
  }
}
