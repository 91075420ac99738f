import type { CommitTimes, Coordinator, Follower } from '../coordinator.js';
import type { AttemptEnd, Event, Fate } from '../core/events.js';
import type { State } from '../core/state.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';

/** What has happened since the process began, as far as it became durable. */
export class Tally implements Follower {
  proposed = 0;
  reports = 0;
  stepsSaved = 0;
  eventsWritten = 0;
  readonly attemptsEnded: Record<AttemptEnd, number> = {
    completed: 0,
    stopped: 0,
    paused: 0,
    failed: 0,
    timed_out: 0,
    lost: 0,
    handed_back: 0,
    refused: 0,
  };
  readonly trialsEnded: Record<Exclude<Fate, 'waiting' | 'paused'>, number> = { complete: 0, pruned: 0, failed: 0 };
  readonly #observe: (times: CommitTimes, assignments: number) => void;
  /** What studies had saved when they were last looked at. */
  #saved = new WeakMap<Study, number>();
  #assignments = 0;

  /** @param observe is told of each commit, after everything that follows from it has left */
  constructor(observe: (times: CommitTimes, assignments: number) => void) {
    this.#observe = observe;
  }

  /**
   * Counts what another coordinator does from now on; its past is none of this process's. To be called when everybody else
   * follows it already.
   *
   * @returns stops it
   */
  begin(coordinator: Pick<Coordinator, 'view' | 'follow'>): () => void {
    let over = false;
    let stop = (): void => {
      over = true;
    };
    // Views are taken before the next commit.
    void coordinator.view(({ state }) => {
      this.#saved = new WeakMap(Array.from(state.studies.values(), (study) => [study, study.stepsSaved]));
      if (!over) stop = coordinator.follow(this);
    });
    return () => stop();
  }

  events(events: readonly Event[], { state }: Core): void {
    this.eventsWritten += events.length;
    for (const event of events) this.#count(event, state);
  }

  committed(times: CommitTimes): void {
    this.#observe(times, this.#assignments);
    this.#assignments = 0;
  }

  #count(event: Event, state: State): void {
    switch (event.type) {
      case 'TrialReported':
        this.reports += 1;
        break;
      case 'TrialProposed':
        this.proposed += 1;
        break;
      case 'AttemptStarted':
        this.#assignments += 1;
        break;
      case 'AttemptEnded':
        this.attemptsEnded[event.end] += 1;
        if (event.fate === 'waiting' || event.fate === 'paused') break;
        this.trialsEnded[event.fate] += 1;
        if (event.fate === 'pruned') this.#saving(state.studies.get(event.study));
        break;
      case 'TrialWithdrawn':
        this.trialsEnded.pruned += 1;
        this.#saving(state.studies.get(event.study));
        break;
      default:
        break;
    }
  }

  /** A study that was deleted within the same commit is not there any more. */
  #saving(study: Study | undefined): void {
    if (study === undefined) return;
    this.stepsSaved += study.stepsSaved - (this.#saved.get(study) ?? 0);
    this.#saved.set(study, study.stepsSaved);
  }
}
