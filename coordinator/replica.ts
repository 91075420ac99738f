import type { Event } from './core/events.js';
import { emptyState, type State } from './core/state.js';
import type { Batch, Seq } from './event-log/port.js';
import { type Bodies, fold, type Replayed } from './replay.js';

/** A standby's copy of what the log says. */
export class Replica implements Replayed {
  readonly state: State;
  head: Seq;
  /** The newest events. */
  recent: readonly Event[] = [];
  readonly #keep: number;
  readonly #bodies: Bodies | undefined;

  /**
   * @param keep   how many of the newest events are remembered
   * @param bodies where studies are that are not in memory; absent: all are
   * @param from   a state to go on from; taken over, not copied
   */
  constructor(keep: number, bodies?: Bodies, { state, head }: Replayed = { state: emptyState(), head: 0 }) {
    this.state = state;
    this.head = head;
    this.#keep = keep;
    this.#bodies = bodies;
  }

  /** Takes over batches until there are no more. */
  async follow(batches: AsyncIterable<Batch>): Promise<void> {
    for await (const { seq, events } of batches) {
      await fold(this.state, events, this.#bodies);
      this.head = seq;
      this.recent = [...this.recent, ...events].slice(-this.#keep);
    }
  }
}
