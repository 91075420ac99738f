import type { ServerResponse } from 'node:http';
import { workerJson } from '../../proto/json.js';
import type { Coordinator } from '../coordinator.js';
import { workerViews } from '../core/views.js';
import { toWorker } from '../rpc/convert.js';
import { Changes } from './changes.js';
import { EventStream, frame } from './event-stream.js';
import { studyRow } from './rows.js';
import { catchUp, StudyChannel } from './study-channel.js';

/** Changes of a study are told at most this often, those of all studies and workers more calmly; milliseconds. */
const STUDY_INTERVAL_MS = 250;
const OVERVIEW_INTERVAL_MS = 1_000;

/** The live side of the dashboard: whoever looks at a study, or at all of them, is told what changes. */
export class Feeds {
  readonly #coordinator: Coordinator;
  readonly #clock: () => number;
  readonly #changes: Changes;
  readonly #channels = new Map<string, StudyChannel>();
  readonly #overview = new Set<EventStream>();
  #overviewSeen: number | undefined;
  #overviewText = '';
  readonly #unfollow: () => void;
  readonly #timers: readonly NodeJS.Timeout[];

  private constructor(coordinator: Coordinator, clock: () => number, position: number) {
    this.#coordinator = coordinator;
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
      setInterval(() => this.#tellStudies(), STUDY_INTERVAL_MS),
      setInterval(() => this.#tellOverview(), OVERVIEW_INTERVAL_MS),
    ];
  }

  static async open(coordinator: Coordinator, clock: () => number): Promise<Feeds> {
    return coordinator.view(({ state }) => new Feeds(coordinator, clock, state.events));
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
      () => void this.#catchUp(study, stream),
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
    const { text, position } = await this.#overviewFrame();
    stream.send(text, position);
  }

  close(): void {
    this.#unfollow();
    for (const timer of this.#timers) clearInterval(timer);
    for (const channel of this.#channels.values()) for (const stream of channel.streams) stream.end();
    for (const stream of this.#overview) stream.end();
  }

  async #catchUp(id: string, stream: EventStream): Promise<void> {
    await this.#coordinator.view(({ state, fleet }) => {
      const study = state.studies.get(id);
      if (study === undefined || !stream.ready) return;
      const trials = this.#changes.after(id, stream.position, study.trials.length);
      const told = catchUp(study, trials, { position: state.events, fleet, nowMs: this.#clock() });
      stream.send(frame('change', state.events, told), state.events);
    });
  }

  #tellStudies(): void {
    const dirty = [...this.#channels.values()].filter((channel) => channel.dirty);
    if (dirty.length === 0) return;
    void this.#coordinator.view(({ state, fleet }) => {
      for (const channel of dirty) channel.flush(state, fleet, this.#clock());
    });
  }

  #tellOverview(): void {
    if (this.#overview.size === 0 || this.#coordinator.revision === this.#overviewSeen) return;
    this.#overviewSeen = this.#coordinator.revision;
    void this.#overviewFrame().then(({ body, text, position }) => {
      if (body === this.#overviewText) return;
      this.#overviewText = body;
      for (const stream of this.#overview) if (stream.ready) stream.send(text, position);
    });
  }

  #overviewFrame(): Promise<{ body: string; text: string; position: number }> {
    return this.#coordinator.view(({ state, fleet }) => {
      const studies = [...state.studies.values()].map((study) => studyRow(study, fleet));
      const picture = { studies, workers: workerViews(fleet).map((worker) => workerJson(toWorker(worker))) };
      const data = { ...picture, position: state.events, nowMs: this.#clock() };
      return { body: JSON.stringify(picture), text: frame('overview', state.events, data), position: state.events };
    });
  }
}
