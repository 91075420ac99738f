import type { Event } from './events.js';
import type { Fleet } from './fleet.js';
import { apply, type State } from './state.js';

/** Everything the coordinator knows: what the log says, and who is attached now. */
export interface Core {
  readonly state: State;
  readonly fleet: Fleet;
  /** How long a worker may be silent before its attempts are lost. */
  readonly leaseMs: number;
  /** Asks a sampler for the proposal of a trial, and may look at a clock meanwhile; asked as it is where absent. */
  readonly suggesting?: <T>(study: string, trial: number, suggest: () => T) => T;
}

/**
 * Events decided together. Each is folded as soon as it is emitted, because what follows may depend on it: the pruner
 * judges a report that is already in the history, and a study ends with the result that was its last.
 */
export class Transaction {
  readonly core: Core;
  /** The clock when the command was taken up, milliseconds since the epoch. */
  readonly at: number;
  readonly events: Event[] = [];

  constructor(core: Core, at: number) {
    this.core = core;
    this.at = at;
  }

  emit(event: Event): void {
    apply(this.core.state, event);
    this.core.fleet.follow(event, this.core.state);
    this.events.push(event);
  }
}
