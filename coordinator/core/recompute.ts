import { trialSeed } from '../../search/index.js';
import type { Event, TrialProposed } from './events.js';
import { nextProposal, type Proposal } from './plan.js';
import { apply, emptyState } from './state.js';
import type { Study } from './study.js';

/** A suggestion of the log beside the one that the same log leads to now. */
export interface Recomputed {
  readonly study: string;
  /** The trial's number; of "nothing is left", the number that the next trial would have had. */
  readonly trial: number;
  readonly origin: string;
  /** In words, where the two differ in anything. */
  readonly difference: string | undefined;
}

/**
 * Makes every suggestion of a log once more, from nothing but the events before it, and compares: parameters, seed, origin
 * and the sampler's draws, and that a space which was said to be exhausted is. Re-runs repeat a trial by name and are no
 * suggestions.
 */
export class Recomputation {
  readonly #state = emptyState();

  /**
   * @param event   the next one of the log, from its first on
   * @param compare false where only what follows it is of interest
   * @returns what came of it where it is a suggestion
   * @throws {Error} when the log is broken
   */
  take(event: Event, compare = true): Recomputed | undefined {
    const recomputed = compare ? this.#recompute(event) : undefined;
    apply(this.#state, event);
    return recomputed;
  }

  #recompute(event: Event): Recomputed | undefined {
    const study = this.#state.studies.get(event.study);
    if (study === undefined) return undefined;
    if (event.type === 'StudyExhausted') return compareEnd(study);
    if (event.type !== 'TrialProposed' || event.rerunOf !== undefined) return undefined;
    return compareOne(study, event, this.#state.events);
  }
}

function compareEnd(study: Study): Recomputed {
  const now = nextProposal(study, study.proposed);
  const difference =
    typeof now === 'string' ? undefined : `the log says that nothing was left, but there is ${shown(now)}`;
  return { study: study.id, trial: study.trials.length, origin: study.sampler.name, difference };
}

function compareOne(study: Study, logged: TrialProposed, seen: number): Recomputed {
  const { trial, origin, basedOn } = logged;
  const found = { study: study.id, trial, origin };
  if (basedOn !== seen) {
    return { ...found, difference: `the log says that it had seen ${basedOn} events, but ${seen} came before it` };
  }
  const ordinal = study.proposed;
  const now = nextProposal(study, ordinal);
  if (typeof now === 'string') return { ...found, difference: `the log has ${shown(logged)}, but the space is ${now}` };
  const seed = trialSeed(study.spec.seed, ordinal);
  if (shown(logged) !== shown(now)) return { ...found, difference: `the log has ${shown(logged)}, not ${shown(now)}` };
  if (logged.seed !== seed) return { ...found, difference: `the log has the seed ${logged.seed}, not ${seed}` };
  return { ...found, difference: undefined };
}

/** All that a suggestion consists of; equal texts are equal suggestions, since both are in the order of the space. */
function shown({ params, origin, repeatOf, draws }: Proposal): string {
  const parts = [JSON.stringify(params), `by ${origin}`];
  if (repeatOf !== undefined) parts.push(`repeating ${repeatOf}`);
  if (draws !== undefined) parts.push(`after draws ${JSON.stringify(draws)}`);
  return parts.join(' ');
}
