import type { Assignment, Dispatch, Stop } from '../../proto/index.js';
import type { AttemptName } from '../core/fleet.js';
import { toRef } from './convert.js';

/** Gathers what one worker is to be told, until it is taken as one message. */
export class Outgoing {
  #assignments: Assignment[] = [];
  #stops: Stop[] = [];
  #abandoned: AttemptName[] = [];
  #acknowledged = 0;

  assign(assignment: Assignment): void {
    this.#assignments.push(assignment);
  }

  stop(stop: Stop): void {
    this.#stops.push(stop);
  }

  abandon(names: readonly AttemptName[]): void {
    this.#abandoned.push(...names);
  }

  /** All Progress messages up to `sequence` are durable. */
  acknowledge(sequence: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
  }

  /** What was gathered since the last time; undefined when there is nothing to say. */
  take(): Dispatch | undefined {
    const dispatch = {
      assignments: this.#assignments,
      stops: this.#stops,
      abandoned: this.#abandoned.map(toRef),
      acknowledged: this.#acknowledged,
    };
    const empty = dispatch.assignments.length + dispatch.stops.length + dispatch.abandoned.length === 0;
    if (empty && dispatch.acknowledged === 0) return undefined;
    this.#assignments = [];
    this.#stops = [];
    this.#abandoned = [];
    this.#acknowledged = 0;
    return dispatch;
  }
}
