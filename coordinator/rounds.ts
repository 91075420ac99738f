/**
 * Makes one thing for all who ask for it. Whoever asks while it is being made gets the next, for theirs is to be no older than
 * their question; so however many ask, one is made at a time.
 */
export class Rounds {
  readonly #rounds = new Map<string, Round>();

  /** @param key what is the same for all has the same key */
  ask<T>(key: string, make: () => Promise<T>): Promise<T> {
    const round = this.#rounds.get(key);
    if (round === undefined) return this.#begin(key, make);
    round.next ??= round.made.then(
      () => this.#begin(key, make),
      () => this.#begin(key, make),
    );
    return round.next as Promise<T>;
  }

  #begin<T>(key: string, make: () => Promise<T>): Promise<T> {
    const made = make();
    const round: Round = { made, next: undefined };
    this.#rounds.set(key, round);
    const end = (): void => {
      if (round.next === undefined) this.#rounds.delete(key);
    };
    made.then(end, end);
    return made;
  }
}

interface Round {
  readonly made: Promise<unknown>;
  next: Promise<unknown> | undefined;
}
