import { randomUUID } from 'node:crypto';
import { isBetter } from '../../search/index.js';
import { type Event, type StudyEnding, type StudyFinished, toLogged } from '../core/events.js';
import type { Fleet, Worker } from '../core/fleet.js';
import { starvation } from '../core/notice.js';
import { standingOf } from '../core/standing.js';
import type { State } from '../core/state.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import { bestOf } from '../core/views.js';
import type { Notice, NoticeBody, NoticedTrial } from './notice.js';

/** A study that waits for less than this is not starving: its workers may be on their way. */
export const STARVED_MS = 60_000;

interface Best {
  readonly trial: number;
  readonly value: number;
}

/**
 * Finds what is worth a notice. Ends of studies are in the events; all else is found by looking now and then at a state that
 * the log holds, so that a thousand new bests between two looks are one notice and a commit pays nothing for them.
 */
export class NoticeWatch {
  readonly #send: (notice: Notice) => void;
  readonly #bests = new Map<string, Best>();
  /** Studies whose best may be another one, the longest waiting first. */
  readonly #changed = new Set<string>();
  /** Since when a study has had no worker; undefined once that has been said. */
  readonly #starving = new Map<string, number | undefined>();
  /** Studies that were said to fail. */
  readonly #failing = new Set<string>();
  /** Quarantined workers, and until when. */
  readonly #quarantined = new Map<string, number>();

  constructor(send: (notice: Notice) => void) {
    this.#send = send;
  }

  /** What there was before is no news. */
  begin({ state, fleet }: Core): void {
    for (const study of state.studies.values()) {
      this.#remember(study, currentBest(study));
      if (study.status === 'ending') this.#failing.add(study.id);
    }
    for (const worker of fleet.workers.values()) this.#see(worker);
  }

  events(events: readonly Event[], { state }: Core): void {
    for (const event of events) {
      switch (event.type) {
        case 'StudyEnding':
          this.#lookForFailing(event);
          break;
        case 'StudyFinished':
          this.#lookForFailing(event);
          this.#finished(event, state.studies.get(event.study));
          break;
        case 'StudyReopened':
          this.#failing.delete(event.study);
          break;
        case 'StudyDeleted':
          this.#forget(event.study);
          break;
        case 'AttemptEnded':
        case 'TrialInvalidated':
          this.#changed.add(event.study);
          break;
        default:
      }
    }
  }

  /** Finds at most one new best, so that as many looks as there are in a second are as many notices. */
  look({ state, fleet }: Core, at: number): void {
    for (const worker of fleet.workers.values()) this.#lookAtWorker(worker, at);
    for (const id of this.#quarantined.keys()) if (!fleet.workers.has(id)) this.#quarantined.delete(id);
    this.#lookForStarving(state, fleet, at);
    this.#lookForBest(state, at);
  }

  #lookForBest(state: State, at: number): void {
    for (const id of this.#changed) {
      this.#changed.delete(id);
      const study = state.studies.get(id);
      if (study === undefined || study.status === 'finished') continue;
      const before = this.#bests.get(id);
      const best = currentBest(study);
      this.#remember(study, best);
      if (best === undefined || best.trial === before?.trial) continue;
      // An invalidated best leaves its place to a lesser one, which is no news to be glad of.
      if (before !== undefined && !isBetter(best.value, before.value, study.spec.metric.goal)) continue;
      const noticed = describe(study, best);
      const was = before === undefined ? 'the first value' : `${before.value} before`;
      this.#say(at, `${id}: new best ${noticed.metric} ${noticed.value} (trial ${best.trial}; ${was})`, {
        kind: 'new_best',
        study: id,
        best: noticed,
        before: before === undefined ? null : toLogged(before.value),
      });
      return;
    }
  }

  #lookForStarving(state: State, fleet: Fleet, at: number): void {
    for (const id of this.#starving.keys()) {
      const study = state.studies.get(id);
      if (study === undefined || starvation(study, fleet) === undefined) this.#starving.delete(id);
    }
    for (const study of state.active) {
      const detail = starvation(study, fleet);
      if (detail === undefined) continue;
      if (!this.#starving.has(study.id)) this.#starving.set(study.id, at);
      const since = this.#starving.get(study.id);
      if (since === undefined || at - since < STARVED_MS) continue;
      this.#starving.set(study.id, undefined);
      this.#say(at, `${study.id} waits: ${detail}`, { kind: 'no_worker', study: study.id, detail, sinceMs: since });
    }
  }

  #lookAtWorker(worker: Worker, at: number): void {
    const { quarantine } = worker.conduct;
    if (!this.#see(worker) || quarantine === undefined) return;
    const name = worker.profile?.name ?? worker.id;
    const { reason, until } = quarantine;
    const body = { kind: 'worker_quarantined', worker: name, workerId: worker.id, reason, untilMs: until } as const;
    this.#say(at, `worker ${name} is quarantined: ${reason}`, body);
  }

  /** @returns whether its quarantine is another than when it was last seen */
  #see({ id, conduct: { quarantine } }: Worker): boolean {
    if (quarantine?.until === this.#quarantined.get(id)) return false;
    if (quarantine === undefined) this.#quarantined.delete(id);
    else this.#quarantined.set(id, quarantine.until);
    return true;
  }

  /** A study of which something still runs is ending first; one of which nothing runs finishes at once. */
  #lookForFailing({ study, why, detail, at }: StudyEnding | StudyFinished): void {
    if (why !== 'failing' || this.#failing.has(study)) return;
    this.#failing.add(study);
    this.#say(at, `${study} is ended because it fails: ${detail}`, { kind: 'study_failing', study, detail });
  }

  #finished({ study: id, why, detail, at }: StudyFinished, study: Study | undefined): void {
    this.#changed.delete(id);
    const found = study && currentBest(study);
    if (study !== undefined) this.#remember(study, found);
    const best = study && found ? describe(study, found) : null;
    const words = best === null ? 'no trial has a value' : `best ${best.metric} ${best.value} (trial ${best.trial})`;
    this.#say(at, `${id} has finished (${detail}): ${words}`, { kind: 'study_finished', study: id, why, detail, best });
  }

  #remember({ id }: Study, best: Best | undefined): void {
    if (best === undefined) this.#bests.delete(id);
    else this.#bests.set(id, best);
  }

  #forget(study: string): void {
    this.#bests.delete(study);
    this.#changed.delete(study);
    this.#failing.delete(study);
    this.#starving.delete(study);
  }

  #say(atMs: number, text: string, body: NoticeBody): void {
    this.#send({ id: randomUUID(), atMs, text, ...body });
  }
}

function currentBest(study: Study): Best | undefined {
  const trial = bestOf(study);
  const value = trial && standingOf(study, trial).value;
  return trial === undefined || value === undefined || Number.isNaN(value) ? undefined : { trial: trial.number, value };
}

function describe(study: Study, { trial, value }: Best): NoticedTrial {
  return { trial, metric: study.spec.metric.name, value: toLogged(value), params: study.trials[trial]!.params };
}
