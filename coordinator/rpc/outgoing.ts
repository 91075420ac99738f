import { type Assignment, type Dispatch, DrainMode, type Stop } from '../../proto/index.js';
import type { AttemptName } from '../core/attempt-name.js';
import type { Leaving } from '../core/fleet.js';
import { toRef } from './convert.js';

const DRAIN_MODES = {
  finish: DrainMode.DRAIN_MODE_FINISH,
  hand_back: DrainMode.DRAIN_MODE_HAND_BACK,
} as const;

/** Gathers what one worker is to be told, until it is taken as one message. */
export class Outgoing {
  #assignments: Assignment[] = [];
  #stops: Stop[] = [];
  #abandoned: AttemptName[] = [];
  #acknowledged = 0;
  #drain: DrainMode = DrainMode.DRAIN_MODE_UNSPECIFIED;

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

  /** The worker is to leave. Undefined: nobody has asked for it. */
  leave(leaving: Leaving | undefined): void {
    if (leaving !== undefined) this.#drain = DRAIN_MODES[leaving];
  }

  /** What was gathered since the last time; undefined when there is nothing to say. */
  take(): Dispatch | undefined {
    const dispatch = {
      assignments: this.#assignments,
      stops: this.#stops,
      abandoned: this.#abandoned.map(toRef),
      acknowledged: this.#acknowledged,
      drain: this.#drain,
    };
    const empty = dispatch.assignments.length + dispatch.stops.length + dispatch.abandoned.length === 0;
    const plain = dispatch.acknowledged === 0 && dispatch.drain === DrainMode.DRAIN_MODE_UNSPECIFIED;
    if (empty && plain) return undefined;
    this.#assignments = [];
    this.#stops = [];
    this.#abandoned = [];
    this.#acknowledged = 0;
    this.#drain = DrainMode.DRAIN_MODE_UNSPECIFIED;
    return dispatch;
  }
}
