import { type Command, forEachStudyOf } from './core/commands.js';
import type { Event } from './core/events.js';
import { execute, executePlan, type Outcome } from './core/execute.js';
import { Fleet } from './core/fleet.js';
import { emptyState, latestStudy } from './core/state.js';
import { type Study, StudyAwayError } from './core/study.js';
import type { Core } from './core/transaction.js';
import { type EventLog, LogConflictError, type Seq } from './event-log/port.js';
import { type Bodies, fold, type Replayed } from './replay.js';

export interface CoordinatorOptions {
  readonly log: EventLog;
  /** State that has the log up to a batch already, as a standby's has; taken over, not copied. */
  readonly from?: Replayed | undefined;
  /** Where studies are that are not in memory; absent: all are. */
  readonly bodies?: Bodies | undefined;
  /** How long a worker may be silent before its attempts are lost, in milliseconds. */
  readonly leaseMs: number;
  /** Milliseconds since the epoch. */
  readonly clock?: (() => number) | undefined;
  /** Runs a task after all that this turn of the event loop brings. */
  readonly defer?: ((task: () => void) => void) | undefined;
  /** The log failed or the core met a broken rule: nothing more is decided. Called once. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * When a commit came through its stations, by the process's own clock (milliseconds). From the asking to the end of a
 * follower's `committed` nobody has been kept waiting by anything else.
 */
export interface CommitTimes {
  /** The oldest of its commands came in. */
  readonly askedAt: number;
  /** All was decided, and was given to the log. */
  readonly decidedAt: number;
  /** The log had it. */
  readonly durableAt: number;
  /** Events; 0 where nothing was to be written. */
  readonly events: number;
  /** What samplers were asked, in order. */
  readonly suggestions: readonly SuggestionTime[];
}

/** How long a sampler took for the proposal of one trial. */
export interface SuggestionTime {
  readonly study: string;
  readonly trial: number;
  readonly beganAt: number;
  readonly endedAt: number;
}

/** Hears of what has become durable. */
export interface Follower {
  /** Events of one commit, in order, and the state that has them. */
  events(events: readonly Event[], core: Core): void;
  /** After the replies and events of a commit, for what is sent once per commit. */
  committed(times: CommitTimes): void;
}

/** A command that waits to be decided. */
interface Asked {
  readonly command: Command;
  readonly done: (outcome: Outcome) => void;
}

/**
 * One loop, one writer. Commands queue while the previous batch is being written; then all of them are decided together
 * and appended as one batch (group commit). Replies and events leave after the append is durable, and views are taken
 * between batches, so nothing is ever shown that the log does not hold (P1).
 */
export class Coordinator {
  readonly #core: Core;
  readonly #log: EventLog;
  readonly #bodies: Bodies | undefined;
  readonly #clock: () => number;
  readonly #defer: (task: () => void) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #followers = new Set<Follower>();
  readonly #unconfirmed = new Set<(leads: boolean) => void>();
  #head: Seq;
  #queue: Asked[] = [];
  /** Settles when what waits aside for a study has come to the queue. */
  readonly #aside = new Set<Promise<void>>();
  #views: ((core: Core) => void)[] = [];
  #running: Promise<void> | undefined;
  #scheduled = false;
  #failed = false;
  #commits = 0;
  #askedAt = 0;
  #suggestions: SuggestionTime[] = [];

  private constructor(core: Core, head: Seq, options: CoordinatorOptions) {
    this.#core = {
      ...core,
      suggesting: (study, trial, suggest) => {
        const beganAt = performance.now();
        const suggestion = suggest();
        this.#suggestions.push({ study, trial, beganAt, endedAt: performance.now() });
        return suggestion;
      },
    };
    this.#head = head;
    this.#log = options.log;
    this.#bodies = options.bodies;
    this.#clock = options.clock ?? Date.now;
    this.#defer = options.defer ?? setImmediate;
    this.#onFailure = options.onFailure;
  }

  /** Replays the log. Attempts that were running get a fresh full lease. */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    const { state, head: from } = options.from ?? { state: emptyState(), head: 0 };
    const core: Core = { state, fleet: new Fleet(), leaseMs: options.leaseMs };
    let head: Seq = from;
    for await (const batch of options.log.read(from)) {
      await fold(core.state, batch.events, options.bodies);
      head = batch.seq;
    }
    core.fleet.restore(core.state, (options.clock ?? Date.now)());
    return new Coordinator(core, head, options);
  }

  /** Counts commits and changes of the fleet, so that watchers know when to look again. */
  get revision(): number {
    return this.#commits;
  }

  /** The number of the last batch that is durable. */
  get head(): Seq {
    return this.#head;
  }

  /** Queues a command; `done` is called once its events are durable. Never called when the coordinator fails. */
  post<C extends Command>(command: C, done: (outcome: Outcome<C['type']>) => void): void {
    this.#enqueue({ command, done: done as (outcome: Outcome) => void });
  }

  #enqueue(asked: Asked): void {
    if (this.#queue.length === 0) this.#askedAt = performance.now();
    this.#queue.push(asked);
    this.#schedule();
  }

  /** Queues a command and waits until its events are durable. */
  submit<C extends Command>(command: C): Promise<Outcome<C['type']>> {
    return new Promise((resolve) => this.post(command, resolve));
  }

  /**
   * Looks at a state that the log holds. `look` must not keep or change what it is given; it is called once more when it asks
   * for a study that is not in memory.
   */
  view<T>(look: (core: Core) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const enqueue = (): void => {
        this.#views.push(attempt);
        this.#schedule();
      };
      const attempt = (core: Core): void => {
        try {
          resolve(look(core));
        } catch (error) {
          const study = error instanceof StudyAwayError ? core.state.studies.get(error.study) : undefined;
          if (study === undefined || this.#bodies === undefined) reject(error as Error);
          else this.#bodies.bring(study).then(enqueue, reject);
        }
      };
      enqueue();
    });
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Whether this coordinator still leads, found out after the call: no other has written to the log. */
  confirm(): Promise<boolean> {
    if (this.#failed) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#unconfirmed.add(resolve);
      // Its commit meets the fence, or looks at the head.
      this.post({ type: 'CheckDeadlines' }, () => {
        this.#unconfirmed.delete(resolve);
        resolve(true);
      });
    });
  }

  /** Waits until everything queued is decided and durable. */
  async settled(): Promise<void> {
    while (this.#running !== undefined || this.#scheduled || this.#aside.size > 0) {
      const [aside] = this.#scheduled ? [] : this.#aside;
      await (this.#running ?? aside ?? new Promise<void>((resolve) => this.#defer(resolve)));
    }
  }

  /** After this turn of the event loop, so that everything the sockets hold now goes into one batch. */
  #schedule(): void {
    if (this.#scheduled || this.#running !== undefined || this.#failed) return;
    this.#scheduled = true;
    this.#defer(() => {
      this.#scheduled = false;
      this.#running = this.#run()
        .catch((error: unknown) => this.#fail(error))
        .finally(() => {
          this.#running = undefined;
          if (this.#queue.length + this.#views.length > 0) this.#schedule();
        });
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length + this.#views.length > 0) {
      const views = this.#views;
      this.#views = [];
      for (const look of views) look(this.#core);
      if (this.#queue.length > 0) await this.#commit();
    }
  }

  async #commit(): Promise<void> {
    let queue = this.#queue;
    const askedAt = this.#askedAt;
    this.#queue = [];
    this.#suggestions = [];
    const bodies = this.#bodies;
    if (bodies?.anyAway === true) {
      queue = queue.filter((asked) => !this.#setAside(asked, bodies));
      await this.#bringNamed(queue, bodies);
    }
    const at = this.#clock();
    const events: Event[] = [];
    const outcomes = queue.map(({ command }) => {
      const outcome = execute(this.#core, command, at);
      if (outcome.ok) for (const event of outcome.events) events.push(event);
      return outcome;
    });
    for (const event of executePlan(this.#core, at)) events.push(event);
    const decidedAt = performance.now();
    if (events.length > 0) this.#head = await this.#log.append(events, this.#head);
    else if (outcomes.some((outcome) => this.#isDoubtful(outcome)) || queue.some(isCheck)) await this.#checkHead();
    this.#commits += 1;
    const durableAt = performance.now();
    const times = { askedAt, decidedAt, durableAt, events: events.length, suggestions: this.#suggestions };
    for (const [i, { done }] of queue.entries()) done(outcomes[i]!);
    for (const follower of this.#followers) {
      if (events.length > 0) follower.events(events, this.#core);
      follower.committed(times);
    }
  }

  /**
   * What a person asks about a study that is not in memory waits aside until it is, and nobody waits for that. Whether it was
   * set aside.
   */
  #setAside(asked: Asked, bodies: Bodies): boolean {
    const study = 'study' in asked.command ? this.#away(asked.command.study) : undefined;
    if (study === undefined) return false;
    const waiting = bodies
      .bring(study)
      .then(() => this.#enqueue(asked))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#aside.delete(waiting));
    this.#aside.add(waiting);
    return true;
  }

  /** What is decided about a study needs its trials. What workers say is taken in the order in which it came. */
  async #bringNamed(queue: readonly Asked[], bodies: Bodies): Promise<void> {
    const away = new Set<Study>();
    for (const { command } of queue) {
      forEachStudyOf(command, (id) => {
        const study = this.#away(id);
        if (study !== undefined) away.add(study);
      });
    }
    for (const study of away) await bodies.bring(study);
  }

  /** The study with this id, if it is not in memory; the empty id is the latest one's. */
  #away(id: string): Study | undefined {
    const { state } = this.#core;
    const study = id === '' ? latestStudy(state) : state.studies.get(id);
    return study?.body === undefined ? study : undefined;
  }

  /**
   * Whether an outcome gives up attempts that this state has never seen. Either the worker is another log's, or another
   * coordinator has started them and this one does not lead any more: then it must not say a word about them.
   */
  #isDoubtful(outcome: Outcome): boolean {
    if (!outcome.ok || outcome.reply === null || !('abandoned' in outcome.reply)) return false;
    const { studies } = this.#core.state;
    return outcome.reply.abandoned.some(({ study, trial, attempt }) => {
      const known = studies.get(study)?.trials[trial];
      return known === undefined || attempt > known.attempts.length;
    });
  }

  /** @throws {LogConflictError} when another coordinator has written to the log; an append would have found out */
  async #checkHead(): Promise<void> {
    for await (const _ of this.#log.read(this.#head)) throw new LogConflictError(this.#head);
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#queue = [];
    for (const resolve of this.#unconfirmed) resolve(false);
    this.#onFailure(error);
  }
}

/**
 * Whoever has nothing to write would never meet the fence, and stand for ever beside what another coordinator wrote after
 * this one had read the log. So every check of the deadlines looks at the head as well.
 */
function isCheck({ command }: { readonly command: Command }): boolean {
  return command.type === 'CheckDeadlines';
}
