import type { Logger } from 'pino';
import type { Coordinator, Follower } from '../coordinator.js';
import type { Event } from '../core/events.js';
import {
  type BodyRecord,
  bodyRecord,
  restoreBody,
  type StateRecord,
  type StudyRecord,
  stateFrom,
  stateRecord,
  studyRecord,
} from '../core/record.js';
import { apply, emptyState, type State } from '../core/state.js';
import { park, type Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import type { Trial } from '../core/trial.js';
import { remnantOf } from '../core/views.js';
import type { LogReader, Seq } from '../event-log/port.js';
import type { Bodies, Replayed } from '../replay.js';
import { encodeSnapshot, SnapshotDamagedError, SnapshotUnreadableError } from './format.js';
import { bodyLines, costOf, markOf, nameOf, type Place, stateNames } from './lines.js';
import type { SnapshotStore } from './port.js';
import { SnapshotReader } from './reader.js';

export interface SnapshotOptions {
  readonly store: SnapshotStore;
  /** The log that they are of. */
  readonly log: LogReader;
  readonly logger: Logger;
  /** A snapshot is taken after so many events at the earliest; 200,000, which take half a second to read, when absent. */
  readonly leastEvents?: number | undefined;
  /** Trials of finished studies that are not in a snapshot yet, and hold up memory until they are; 10,000 when absent. */
  readonly mostUnsaved?: number | undefined;
  /** Trials of finished studies that stay in memory because somebody looks at them; 200,000 when absent. */
  readonly mostKept?: number | undefined;
  /** How long the store may take to list what it has, or to give one text; as long as it likes when absent. */
  readonly patienceMs?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly clock?: (() => number) | undefined;
  /** Lets everything else that waits have its turn. */
  readonly breathe?: (() => Promise<void>) | undefined;
}

/** After one that could not be written, milliseconds. */
const PAUSE_MS = 60_000;
/** What has just been brought back is wanted, milliseconds. */
const FRESH_MS = 10_000;

/** The first line of a state's snapshot; the others are {@link StudyLine}s. */
interface StateLine extends Place {
  readonly state: StateRecord;
}

interface StudyLine {
  readonly study: StudyRecord;
  /** The snapshot of its body. */
  readonly body: string;
}

/** What snapshots are taken of. */
type Led = Pick<Coordinator, 'head' | 'view' | 'follow'>;

/** What is to be written. */
interface Capture {
  readonly place: Place;
  readonly lines: readonly string[];
  readonly bodies: readonly { readonly id: string; readonly name: string; readonly record: BodyRecord }[];
}

/**
 * Snapshots of what the log says, to begin with at a restart, and the studies that leave memory because they have finished
 * and nobody looks at them.
 *
 * A snapshot is a text of the state at one batch, and one for each study with its trials. One of a study that has not
 * changed is not written again, so that a long life of finished studies costs nothing. What is captured are references to
 * trials, which never change once they have ended; writing them down then takes its time, a little between two turns of the
 * event loop. Nothing depends on a snapshot: whatever is damaged, missing, of another version or of another log is made
 * from the log.
 */
export class Snapshots implements Bodies, Follower {
  readonly #options: SnapshotOptions;
  readonly #clock: () => number;
  readonly #breathe: () => Promise<void>;
  readonly #reader: SnapshotReader;
  /** The newest snapshot of each study's body. */
  readonly #stored = new Map<string, { readonly name: string; readonly revision: number }>();
  readonly #away = new Set<string>();
  readonly #coming = new Map<string, Promise<void>>();
  /** When studies came back, the earliest first. */
  readonly #broughtAt = new Map<string, number>();
  #coordinator: Led | undefined;
  #place: { after: Seq; head: Seq; events: readonly Event[] } | undefined;
  #head: Seq = 0;
  /** Events that the restored snapshot has. */
  #restored = 0;
  /** Events since the newest snapshot, and trials of studies that finished since. */
  #events = 0;
  #unsaved = 0;
  /** What the next snapshot costs to write, as far as is known, in events that could be read instead. */
  #cost = 0;
  #notBefore = 0;
  #taking: Promise<void> | undefined;
  #closed = false;

  constructor(options: SnapshotOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#breathe = options.breathe ?? (() => new Promise((resolve) => setImmediate(resolve)));
    this.#reader = new SnapshotReader(options.store, this.#breathe, options.patienceMs);
  }

  get anyAway(): boolean {
    return this.#away.size > 0;
  }

  /** The newest snapshot of this log; undefined where there is none that can be used. */
  async restore(): Promise<Replayed | undefined> {
    const { store, logger } = this.#options;
    let name = '';
    try {
      name = stateNames(await this.#reader.list()).at(-1) ?? '';
      if (name === '') return undefined;
      const [first, ...studies] = (await this.#reader.read('state', name)) as [StateLine, ...StudyLine[]];
      if (!(await this.#isOfThisLog(first))) {
        throw new SnapshotDamagedError('it is of another log');
      }
      const state = stateFrom(
        first.state,
        studies.map(({ study }) => study),
      );
      for (const { study, body } of studies) {
        this.#stored.set(study.id, { name: body, revision: study.revision });
        this.#away.add(study.id);
      }
      for (const study of state.active) await this.bring(study);
      this.#restored = state.events;
      return { state, head: first.head };
    } catch (error) {
      if (!(error instanceof SnapshotDamagedError)) throw error;
      logger.warn({ snapshot: name, reason: error.message }, 'a snapshot cannot be used: all of the log is read');
      // Or it might come to be of this log, when that has grown.
      if (!(error instanceof SnapshotUnreadableError)) await store.delete(name).catch(() => {});
      this.#stored.clear();
      this.#away.clear();
      return undefined;
    }
  }

  /** Follows a coordinator and takes snapshots of what it has. To be called once, when it has read the log. */
  async lead(coordinator: Led): Promise<void> {
    this.#coordinator = coordinator;
    await coordinator.view(({ state }) => {
      this.#head = coordinator.head;
      this.#events = state.events - this.#restored;
      coordinator.follow(this);
    });
  }

  events(events: readonly Event[], { state }: Core): void {
    this.#place = { after: this.#head, head: this.#coordinator!.head, events };
    this.#head = this.#coordinator!.head;
    this.#events += events.length;
    for (const event of events) {
      if (event.type === 'StudyFinished') this.#unsaved += state.studies.get(event.study)?.body?.trials.length ?? 0;
      if (event.type === 'StudyDeleted') this.#forget(event.study);
    }
  }

  committed(): void {
    if (this.#taking !== undefined || this.#closed) return;
    const { leastEvents = 200_000, mostUnsaved = 10_000 } = this.#options;
    if (this.#events < Math.max(leastEvents, this.#cost) && this.#unsaved < mostUnsaved) return;
    if (this.#place === undefined || this.#clock() < this.#notBefore) return;
    void this.take();
  }

  /** Takes a snapshot now. Resolves when it is written, or could not be. */
  take(): Promise<void> {
    this.#taking ??= this.#take()
      .catch((error: unknown) => {
        this.#notBefore = this.#clock() + PAUSE_MS;
        if (!this.#closed) this.#options.logger.warn({ err: error }, 'a snapshot could not be written');
      })
      .finally(() => {
        this.#taking = undefined;
      });
    return this.#taking;
  }

  /**
   * Parks the studies that have finished, are in a snapshot, and were not used since the last time. To be called now and
   * then.
   */
  async sweep(): Promise<void> {
    await this.#coordinator?.view(({ state }) => {
      for (const study of this.#parkable(state)) {
        if (study.body!.used) study.body!.used = false;
        else this.#park(study);
      }
    });
  }

  async bring(study: Study): Promise<void> {
    const { id } = study;
    if (study.body !== undefined) return;
    const coming = this.#coming.get(id) ?? this.#bring(study).finally(() => this.#coming.delete(id));
    this.#coming.set(id, coming);
    await coming;
  }

  /** Takes no more snapshots. Resolves when the one that is being written has been given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#taking;
  }

  async #bring(study: Study): Promise<void> {
    const { logger } = this.#options;
    try {
      for (const _ of restoreBody(study, await this.#storedBody(study))) await this.#breathe();
    } catch (error) {
      if (!(error instanceof SnapshotDamagedError)) throw error;
      logger.warn({ study: study.id, reason: error.message }, 'a study is read from the log, not from its snapshot');
      this.#stored.delete(study.id);
      await this.#replay(study);
    }
    this.#away.delete(study.id);
    this.#broughtAt.set(study.id, this.#clock());
    this.#makeRoom();
  }

  async #storedBody(study: Study): Promise<BodyRecord> {
    const stored = this.#stored.get(study.id);
    if (stored?.revision !== study.revision) throw new SnapshotDamagedError('there is none of it as it is now');
    const [first, ...trials] = (await this.#reader.read('study', stored.name)) as [
      Omit<BodyRecord, 'trials'>,
      ...Trial[][],
    ];
    const record = { ...first, trials: trials.flat() };
    if (record.revision !== study.revision) throw new SnapshotDamagedError('it is of another moment');
    return record;
  }

  /** From its events alone. */
  async #replay(study: Study): Promise<void> {
    const state = emptyState();
    for await (const { events } of this.#options.log.read(0)) {
      for (const event of events) {
        if (event.study !== study.id || state.studies.get(study.id)?.revision === study.revision) continue;
        apply(state, event);
      }
    }
    study.body = state.studies.get(study.id)!.body;
    study.remnant = undefined;
  }

  async #isOfThisLog({ after, head, mark }: Place): Promise<boolean> {
    for await (const { seq, events } of this.#options.log.read(after)) return seq === head && markOf(events) === mark;
    return false;
  }

  async #take(): Promise<void> {
    const { store, logger } = this.#options;
    const began = this.#clock();
    const captured = await this.#coordinator!.view(({ state }) => this.#capture(state));
    const { place, lines, bodies } = captured;
    for (const { name, record } of bodies) await store.put(name, this.#text('study', bodyLines(record)));
    await store.put(`state-${place.head}`, this.#text('state', lines));
    for (const { id, name, record } of bodies) this.#stored.set(id, { name, revision: record.revision });
    await this.#deleteOlder(place.head, lines);
    const trials = bodies.reduce((sum, { record }) => sum + record.trials.length, 0);
    logger.debug({ head: place.head, studies: bodies.length, trials, ms: this.#clock() - began }, 'snapshot taken');
  }

  #capture(state: State): Capture {
    const { after, head, events } = this.#place!;
    const place = { after, head, mark: markOf(events) };
    const first: StateLine = { ...place, state: stateRecord(state) };
    const bodies: { id: string; name: string; record: BodyRecord }[] = [];
    const lines = [JSON.stringify(first)];
    this.#cost = 0;
    for (const study of state.studies.values()) {
      const stored = this.#stored.get(study.id);
      const fresh = stored?.revision === study.revision ? undefined : nameOf(study);
      const used = study.body?.used;
      if (fresh !== undefined) {
        bodies.push({ id: study.id, name: fresh, record: bodyRecord(study) });
        if (state.active.has(study)) for (const trial of study.trials) this.#cost += costOf(trial);
      }
      lines.push(JSON.stringify({ study: studyRecord(study), body: fresh ?? stored!.name } satisfies StudyLine));
      if (study.body !== undefined) study.body.used = used!;
    }
    this.#events = 0;
    this.#unsaved = 0;
    return { place, lines, bodies };
  }

  async *#text(kind: 'state' | 'study', lines: Iterable<string>): AsyncIterable<string> {
    for await (const piece of encodeSnapshot(kind, lines, this.#breathe)) {
      if (this.#closed) throw new Error('the coordinator leads no more');
      yield piece;
    }
  }

  /** What this one replaces; nothing where another coordinator has written a newer one. */
  async #deleteOlder(head: Seq, lines: readonly string[]): Promise<void> {
    const { store } = this.#options;
    const names = await store.list();
    const states = stateNames(names);
    if (states.at(-1) !== `state-${head}`) return;
    const wanted = new Set(lines.slice(1).map((line) => (JSON.parse(line) as StudyLine).body));
    for (const name of names) {
      if (name === `state-${head}` || wanted.has(name)) continue;
      await store.delete(name);
    }
  }

  *#parkable({ studies, active }: State): Iterable<Study> {
    for (const study of studies.values()) {
      if (study.body === undefined || active.has(study)) continue;
      if (this.#stored.get(study.id)?.revision === study.revision) yield study;
    }
  }

  #park(study: Study): void {
    park(study, remnantOf(study));
    this.#away.add(study.id);
    this.#broughtAt.delete(study.id);
  }

  /** Parks what was brought back first, where so much is looked at that it would not fit into memory. */
  #makeRoom(): void {
    if (this.#coordinator === undefined) return;
    void this.#coordinator.view(({ state }) => {
      const parkable = new Set(this.#parkable(state));
      const brought = [...this.#broughtAt.keys()].flatMap((id) => state.studies.get(id) ?? []);
      const kept = brought.filter((study) => parkable.has(study));
      let trials = kept.reduce((sum, study) => sum + study.body!.trials.length, 0);
      for (const study of kept) {
        if (trials <= (this.#options.mostKept ?? 200_000)) return;
        if (this.#clock() - this.#broughtAt.get(study.id)! < FRESH_MS) continue;
        trials -= study.body!.trials.length;
        this.#park(study);
      }
    });
  }

  #forget(study: string): void {
    this.#stored.delete(study);
    this.#away.delete(study);
    this.#broughtAt.delete(study);
  }
}
