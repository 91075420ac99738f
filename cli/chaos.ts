import { join } from 'node:path';
import { type Leaderboard, type Study, StudyState } from '../proto/index.js';
import { COORDINATOR, type LocalFleet } from './local-fleet.js';
import { openLogFile, recomputeLog, tallyText } from './recompute-log.js';
import { countsText, doneCount } from './study-text.js';

/** One kill: after which share of the trials, and of whom. */
interface Strike {
  readonly share: number;
  readonly victim: string;
}

/**
 * Kills processes of a fleet, without warning, at set moments of a search: after a share of its trials. The fleet starts them
 * again; what has become of the search is for {@link chaosVerdict} to say.
 */
export class Chaos {
  readonly #left: Strike[];

  /** @param worker the worker that is killed, before the coordinator is */
  constructor(worker: string) {
    this.#left = [
      { share: 1 / 4, victim: worker },
      { share: 1 / 2, victim: COORDINATOR },
    ];
  }

  /** Who was to be killed and was not, because the search was over too soon. */
  get spared(): readonly string[] {
    return this.#left.map(({ victim }) => victim);
  }

  /** Looks whether it is time. One kill for a board, so that each is seen. */
  see({ study }: Leaderboard, fleet: Pick<LocalFleet, 'strike'>): void {
    const next = this.#left[0];
    if (next === undefined || study?.state !== StudyState.STUDY_STATE_RUNNING) return;
    const done = doneCount(study.counts);
    if (done < Math.ceil(next.share * study.budgetTrials)) return;
    this.#left.shift();
    fleet.strike(next.victim, `chaos, after ${done} of ${study.budgetTrials} trials`);
  }
}

/** Whether a search came through its chaos unharmed, and the lines that say so. */
export interface Verdict {
  readonly sound: boolean;
  readonly lines: readonly string[];
}

/** Counts the trials of a study that has finished and recomputes its suggestions from the log in `state`. */
export async function chaosVerdict(study: Study, chaos: Pick<Chaos, 'spared'>, state: string): Promise<Verdict> {
  const tally = (await recomputeLog(openLogFile(join(state, 'log.db')), study.id)).get(study.id)!;
  const { counts, budgetTrials } = study;
  const ended = doneCount(counts);
  const exact = countsText(counts && { ...counts, complete: 0, pruned: 0, failed: 0 }) === '' && ended === budgetTrials;
  const proposed = tally.suggestions === budgetTrials;
  const spared = chaos.spared.map((victim) => `the search was over before ${victim} could be killed`);
  return {
    sound: exact && proposed && tally.differing.length === 0 && spared.length === 0,
    lines: [
      ...spared,
      `${exact ? 'exactly' : 'not'} ${budgetTrials} trials: ${countsText(counts)}`,
      ...(proposed ? [] : [`the log proposes ${tally.suggestions} trials, not ${budgetTrials}`]),
      tallyText(study.id, tally).trimEnd(),
    ],
  };
}
