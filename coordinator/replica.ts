import type { Replayed } from './coordinator.js';
import type { Event } from './core/events.js';
import { apply, emptyState, type State } from './core/state.js';
import type { Batch, Seq } from './event-log/port.js';

/** A standby's copy of what the log says. */
export class Replica implements Replayed {
  readonly state: State = emptyState();
  head: Seq = 0;
  /** The newest events. */
  recent: readonly Event[] = [];
  readonly #keep: number;

  /** @param keep how many of the newest events are remembered */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Takes over batches until there are no more. */
  async follow(batches: AsyncIterable<Batch>): Promise<void> {
    for await (const { seq, events } of batches) {
      for (const event of events) apply(this.state, event);
      this.head = seq;
      this.recent = [...this.recent, ...events].slice(-this.#keep);
    }
  }
}
