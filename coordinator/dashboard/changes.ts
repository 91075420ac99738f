import type { Event } from '../core/events.js';
import type { State } from '../core/state.js';

/**
 * Remembers at which log position each trial last changed, so that somebody who saw a study at one position can be told
 * exactly what is different now: 8 bytes a trial. What changed before this process followed the log is not known trial by
 * trial; who asks for that gets all of them.
 */
export class Changes {
  readonly #since: number;
  readonly #changedAt = new Map<string, number[]>();

  /** @param since the log position up to which changes were not followed */
  constructor(since: number) {
    this.#since = since;
  }

  /** Takes notice of the events that have brought the state to where it is. */
  follow(events: readonly Event[], state: State): void {
    let position = state.events - events.length;
    for (const event of events) {
      position += 1;
      if (event.type === 'StudyDeleted') this.#changedAt.delete(event.study);
      const touched = trialsTouched(event, state);
      if (touched.length === 0) continue;
      let trials = this.#changedAt.get(event.study);
      if (trials === undefined) {
        trials = [];
        this.#changedAt.set(event.study, trials);
      }
      for (const trial of touched) trials[trial] = position;
    }
  }

  /**
   * Trials of a study that changed after a log position, by number.
   *
   * @param trials how many trials the study has
   */
  after(study: string, position: number, trials: number): number[] {
    if (position < this.#since) return Array.from({ length: trials }, (_, number) => number);
    const changed: number[] = [];
    for (const [number, at] of this.#changedAt.get(study)?.entries() ?? []) {
      if (at !== undefined && at > position) changed.push(number);
    }
    return changed;
  }
}

/** The trials that look different after an event: its own, and those that share its configuration's mean. */
export function trialsTouched(event: Event, state: State): readonly number[] {
  if (!('trial' in event)) return [];
  const study = state.studies.get(event.study);
  const siblings = study?.repeats?.siblings(study.history, event.trial) ?? [];
  return siblings.length > 1 ? siblings : [event.trial];
}
