import type { Event } from './core/events.js';
import { apply, type State } from './core/state.js';
import type { Study } from './core/study.js';
import type { Seq } from './event-log/port.js';

/** A state, and the last batch of the log that it has. */
export interface Replayed {
  readonly state: State;
  readonly head: Seq;
}

/** Where the bodies of studies are that are not in memory. */
export interface Bodies {
  /** Whether any study is without its body. */
  readonly anyAway: boolean;
  /** Gives a study its body back. */
  bring(study: Study): Promise<void>;
}

/** Folds events of the log into a state, whether the studies that they are of are in memory or not. */
export async function fold(state: State, events: readonly Event[], bodies: Bodies | undefined): Promise<void> {
  for (const event of events) {
    if (bodies?.anyAway === true) {
      const study = state.studies.get(event.study);
      if (study !== undefined && study.body === undefined) await bodies.bring(study);
    }
    apply(state, event);
  }
}
