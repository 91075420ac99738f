import type { ServerResponse } from 'node:http';
import type { Coordinator } from '../coordinator.js';
import type { Core } from '../core/transaction.js';
import { workerViews } from '../core/views.js';
import type { Portions, Work } from '../portions.js';
import { Changes } from './changes.js';
import { EventStream, frame, framed } from './event-stream.js';
import { longCatchUp, studyRows, workerRows } from './long-reads.js';
import { jsonWork, type Pieces } from './long-text.js';
import { catchUp, StudyChannel } from './study-channel.js';

/** Changes of a study are told at most this often, those of all studies and workers more calmly; milliseconds. */
const STUDY_INTERVAL_MS = 250;
const OVERVIEW_INTERVAL_MS = 1_000;

/** The live side of the dashboard: whoever looks at a study, or at all of them, is told what changes. */
export class Feeds {
  readonly #coordinator: Coordinator;
  readonly #portions: Portions;
  readonly #clock: () => number;
  readonly #changes: Changes;
  readonly #channels = new Map<string, StudyChannel>();
  readonly #overview = new Set<EventStream>();
  #overviewSeen: number | undefined;
  #overviewPicture: Pieces = [];
  readonly #unfollow: () => void;
  readonly #timers: readonly NodeJS.Timeout[];

  private constructor(coordinator: Coordinator, portions: Portions, clock: () => number, position: number) {
    this.#coordinator = coordinator;
    this.#portions = portions;
    this.#clock = clock;
    this.#changes = new Changes(position);
    this.#unfollow = coordinator.follow({
      events: (events, { state }) => {
        this.#changes.follow(events, state);
        if (this.#channels.size === 0) return;
        for (const event of events) this.#channels.get(event.study)?.take(event, state);
      },
      committed: () => {},
    });
    this.#timers = [
      setInterval(() => void this.#tellStudies(), STUDY_INTERVAL_MS),
      setInterval(() => void this.#tellOverview(), OVERVIEW_INTERVAL_MS),
    ];
  }

  /** @param portions does what is long */
  static async open(coordinator: Coordinator, portions: Portions, clock: () => number): Promise<Feeds> {
    return coordinator.view(({ state }) => new Feeds(coordinator, portions, clock, state.events));
  }

  /**
   * Follows a study from a log position on: first what has changed since then, at once, then each change. The caller has
   * made sure that the study is there.
   */
  async followStudy(response: ServerResponse, study: string, after: number): Promise<void> {
    const channel = this.#channels.get(study) ?? new StudyChannel(study);
    this.#channels.set(study, channel);
    const stream: EventStream = new EventStream(
      response,
      after,
      () => void this.#catchUp(study, stream).catch(() => stream.end()),
      () => {
        channel.streams.delete(stream);
        if (channel.streams.size === 0) this.#channels.delete(study);
      },
    );
    channel.streams.add(stream);
    await this.#catchUp(study, stream);
  }

  /** Follows all studies and workers: a whole picture after each change. */
  async followOverview(response: ServerResponse): Promise<void> {
    const stream = new EventStream(
      response,
      0,
      () => {},
      () => this.#overview.delete(stream),
    );
    this.#overview.add(stream);
    const { frame: pieces, position } = await this.#overviewFrame();
    stream.send(pieces, position);
  }

  close(): void {
    this.#unfollow();
    for (const timer of this.#timers) clearInterval(timer);
    for (const channel of this.#channels.values()) for (const stream of channel.streams) stream.end();
    for (const stream of this.#overview) stream.end();
  }

  #catchUp(id: string, stream: EventStream): Promise<void> {
    return this.#portions.do((core) => this.#story(core, id, stream));
  }

  /** What is different since a reader was last told; and what has happened while that was made, if it took long. */
  *#story({ state, fleet }: Core, id: string, stream: EventStream): Work<void> {
    for (;;) {
      const study = state.studies.get(id);
      if (study === undefined || !stream.ready) return;
      const trials = this.#changes.after(id, stream.position, study.trials.length);
      const at = { position: state.events, fleet, nowMs: this.#clock() };
      if (trials.length < FEW) {
        stream.send(frame('change', at.position, catchUp(study, trials, at)), at.position);
        return;
      }
      stream.hold();
      const told = yield* longCatchUp(study, trials, at);
      stream.send(framed('change', at.position, told), at.position);
      if (state.events === at.position) return;
    }
  }

  async #tellStudies(): Promise<void> {
    const dirty = [...this.#channels.values()].filter((channel) => channel.dirty);
    if (dirty.length === 0) return;
    try {
      await this.#coordinator.view(({ state, fleet }) => {
        for (const channel of dirty) channel.flush(state, fleet, this.#clock());
      });
    } catch {
      // A study that could not be read. Pages come back, and are told then.
      for (const { streams } of dirty) for (const stream of streams) stream.end();
    }
  }

  async #tellOverview(): Promise<void> {
    if (this.#overview.size === 0 || this.#coordinator.revision === this.#overviewSeen) return;
    this.#overviewSeen = this.#coordinator.revision;
    try {
      const { picture, frame: pieces, position } = await this.#overviewFrame();
      if (isSame(picture, this.#overviewPicture)) return;
      this.#overviewPicture = picture;
      for (const stream of this.#overview) if (stream.ready) stream.send(pieces, position);
    } catch {
      this.#overviewSeen = undefined;
    }
  }

  async #overviewFrame(): Promise<{ readonly picture: Pieces; readonly frame: Pieces; readonly position: number }> {
    let position = 0;
    const picture = await this.#portions.do(({ state, fleet }) => {
      position = state.events;
      return jsonWork({}, { studies: studyRows({ state, fleet }), workers: workerRows(workerViews(fleet)) });
    });
    const whole = [...picture.slice(0, -1), picture.at(-1)!.subarray(0, -1)];
    const data = [...whole, Buffer.from(`,"position":${position},"nowMs":${this.#clock()}}`)];
    return { picture, frame: framed('overview', position, data), position };
  }
}

/** A reader that has missed less is told in one go. */
const FEW = 100;

function isSame(a: Pieces, b: Pieces): boolean {
  return a.length === b.length && a.every((piece, index) => piece.equals(b[index]!));
}
