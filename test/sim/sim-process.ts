import type { Time } from '../../coordinator/time.js';
import type { Cancel, Clock } from '../../worker/clock.js';
import type { Chance } from './chance.js';
import type { Timeline } from './timeline.js';

/** How late a task of a busy event loop may be, milliseconds. */
const TURN_MS = 2;

/**
 * One process of the simulated world. Everything it has planned dies with it; while it is frozen (SIGSTOP, a closed
 * laptop) it runs nothing, and afterwards everything that came due, in order.
 */
export class SimProcess implements Clock, Time {
  readonly name: string;
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  #alive = true;
  #frozenUntil = 0;
  /** What came due while it was frozen, in order. */
  #due: (() => void)[] = [];

  constructor(name: string, timeline: Timeline, chance: Chance) {
    this.name = name;
    this.#timeline = timeline;
    this.#chance = chance;
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#timeline.now + ms);
    this.#timeline.at(this.#frozenUntil, () => this.#wake());
  }

  /** Wakes it before its time. */
  thaw(): void {
    this.#frozenUntil = this.#timeline.now;
    this.#wake();
  }

  now(): number {
    return this.#timeline.now;
  }

  after(ms: number, task: () => void): Cancel {
    let cancelled = false;
    const due = (): void => {
      if (cancelled || !this.#alive) return;
      if (this.#frozen || this.#due.length > 0) this.#due.push(due);
      else task();
    };
    this.#timeline.at(this.#timeline.now + ms, due);
    return () => {
      cancelled = true;
    };
  }

  every(ms: number, task: () => void): Cancel {
    let cancel = (): void => {};
    const next = (): void => {
      cancel = this.after(ms, () => {
        next();
        task();
      });
    };
    next();
    return () => cancel();
  }

  /** Not at once: between two turns of the event loop other processes get ahead, and this one can die. */
  soon(task: () => void): void {
    this.after(this.#chance.between(0, TURN_MS), task);
  }

  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        signal?.removeEventListener('abort', over);
        cancel();
        resolve();
      };
      const cancel = this.after(ms, over);
      if (signal?.aborted === true) over();
      else signal?.addEventListener('abort', over);
    });
  }

  get #frozen(): boolean {
    return this.#timeline.now < this.#frozenUntil;
  }

  /** One task a step, as everywhere. */
  #wake(): void {
    if (this.#frozen || !this.#alive) return;
    const next = this.#due.shift();
    if (next === undefined) return;
    const rest = this.#due;
    this.#due = [];
    next();
    this.#due = rest;
    if (rest.length > 0) this.#timeline.at(this.#timeline.now, () => this.#wake());
  }
}
