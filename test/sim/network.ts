import type { Chance } from './chance.js';
import type { SimProcess } from './sim-process.js';
import type { Timeline } from './timeline.js';

/** What one end of a stream is told. */
export interface Receiver<M> {
  receive(message: M): void;
  /** Once; nothing comes after it. `inOrder`: the other end ended it after all that it had sent. */
  closed(why: string, inOrder: boolean): void;
}

/** One end of a stream. */
export interface StreamEnd<M> {
  send(message: M): void;
  /** Lets the other end have what was sent, then ends. */
  end(why: string): void;
  /** Ends at once: what is under way may be lost. */
  cancel(why: string): void;
}

export interface NetworkFaults {
  /** Longest time of a message under way, milliseconds. */
  latencyMs: number;
  /** Probability that a message takes up to a hundred times as long. */
  slow: number;
  /** Probability that a message breaks its stream. */
  breaks: number;
}

/** How long a dead link goes unnoticed: keepalive, or the system's time-outs, milliseconds. */
const NOTICED_MS = [3_000, 40_000] as const;

/** A listening process: takes the server's end of new streams. */
export type Accept = (from: string, end: StreamEnd<unknown>) => Receiver<unknown>;

interface Listener {
  readonly process: SimProcess;
  readonly accept: Accept;
}

/**
 * Streams between named hosts. Within a stream messages keep their order and are not doubled, as in TCP; a stream that
 * breaks loses what was under way, a suffix in each direction, and the two ends learn of it at different times. Across
 * streams everything can be reordered. A partition holds messages back, in one direction or both, until it heals or the
 * ends notice.
 */
export class Network {
  faults: NetworkFaults = { latencyMs: 3, slow: 0, breaks: 0 };
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #listeners = new Map<string, Listener>();
  readonly #cuts = new Map<string, number>();
  readonly #streams = new Set<Stream>();

  constructor(timeline: Timeline, chance: Chance) {
    this.#timeline = timeline;
    this.#chance = chance;
  }

  listen(host: string, process: SimProcess, accept: Accept): void {
    this.#listeners.set(host, { process, accept });
  }

  unlisten(host: string): void {
    this.#listeners.delete(host);
  }

  isCut(from: string, to: string): boolean {
    return (this.#cuts.get(`${from}>${to}`) ?? 0) > this.#timeline.now;
  }

  /** Nothing from `from` reaches `to` for a time. */
  cut(from: string, to: string, ms: number): void {
    const key = `${from}>${to}`;
    this.#cuts.set(key, Math.max(this.#cuts.get(key) ?? 0, this.#timeline.now + ms));
    this.#timeline.at(this.#timeline.now + ms, () => this.#release());
    this.#timeline.at(this.#timeline.now + this.#chance.between(...NOTICED_MS), () => {
      if (!this.isCut(from, to)) return;
      for (const stream of [...this.#streams]) if (stream.connects(from, to)) stream.break('keepalive failed');
    });
  }

  heal(): void {
    this.#cuts.clear();
    this.#release();
  }

  /** Breaks every stream of a process that has ended. */
  ended(process: SimProcess): void {
    for (const stream of [...this.#streams]) if (stream.belongsTo(process)) stream.break('connection reset');
  }

  /** Opens a stream. The receiver hears nothing before this has returned. */
  connect(from: string, process: SimProcess, to: string, receiver: Receiver<unknown>): StreamEnd<unknown> {
    const stream = new Stream(this, this.#timeline, this.#chance, from, to, process, receiver);
    this.#streams.add(stream);
    const dial = (): void => {
      const listener = this.#listeners.get(to);
      if (this.isCut(from, to) || this.isCut(to, from)) {
        this.#timeline.at(this.#timeline.now + this.#chance.between(1_000, 20_000), () => stream.break('timed out'));
      } else if (listener === undefined || !listener.process.alive) stream.break('connection refused');
      else stream.accepted(listener.process, listener.accept);
    };
    this.#timeline.at(this.#timeline.now + this.latency(), dial);
    return stream.ends[0];
  }

  latency(): number {
    const { latencyMs, slow } = this.faults;
    const base = this.#chance.between(0.1, latencyMs);
    return slow > 0 && this.#chance.happens(slow) ? base * this.#chance.between(1, 100) : base;
  }

  forget(stream: Stream): void {
    this.#streams.delete(stream);
  }

  #release(): void {
    for (const stream of [...this.#streams]) stream.release();
  }
}

/** 0: from the end that dialled; 1: from the end that accepted. */
type Side = 0 | 1;

interface Direction {
  /** Messages that arrived at a cut, or before the other end has accepted. */
  held: (() => void)[];
  lastAt: number;
  /** Messages due later are lost. */
  lostAfter: number;
}

class Stream {
  readonly ends: readonly [StreamEnd<unknown>, StreamEnd<unknown>];
  readonly #network: Network;
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #hosts: readonly [string, string];
  readonly #processes: [SimProcess, SimProcess | undefined];
  readonly #receivers: [Receiver<unknown>, Receiver<unknown> | undefined];
  readonly #directions: readonly [Direction, Direction] = [newDirection(), newDirection()];
  readonly #open: [boolean, boolean] = [true, true];
  #broken = false;

  constructor(
    network: Network,
    timeline: Timeline,
    chance: Chance,
    from: string,
    to: string,
    process: SimProcess,
    receiver: Receiver<unknown>,
  ) {
    this.#network = network;
    this.#timeline = timeline;
    this.#chance = chance;
    this.#hosts = [from, to];
    this.#processes = [process, undefined];
    this.#receivers = [receiver, undefined];
    this.ends = [this.#end(0), this.#end(1)];
  }

  connects(from: string, to: string): boolean {
    const [a, b] = this.#hosts;
    return (a === from && b === to) || (a === to && b === from);
  }

  belongsTo(process: SimProcess): boolean {
    return this.#processes[0] === process || this.#processes[1] === process;
  }

  accepted(process: SimProcess, accept: Accept): void {
    if (this.#broken) return;
    this.#processes[1] = process;
    this.#receivers[1] = accept(this.#hosts[0], this.ends[1]);
    this.release();
  }

  /** Hands on what was held back, where the way is free now. */
  release(): void {
    for (const side of [0, 1] as const) {
      if (!this.#isFree(side)) continue;
      const direction = this.#directions[side];
      const held = direction.held;
      direction.held = [];
      for (const deliver of held) deliver();
    }
  }

  /** Loses what is under way, a suffix in each direction; both ends learn of it, each in its time. */
  break(why: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#network.forget(this);
    const now = this.#timeline.now;
    for (const direction of this.#directions) {
      direction.lostAfter = now + this.#chance.between(0, 5);
      direction.held = [];
    }
    for (const side of [0, 1] as const) {
      this.#timeline.at(now + 5 + this.#chance.between(0, 50), () => this.#tellClosed(side, why, false));
    }
  }

  #end(side: Side): StreamEnd<unknown> {
    return {
      send: (message) => {
        if (!this.#open[side] || this.#broken) return;
        this.#put(side, () => this.#receivers[other(side)]?.receive(message));
        const { breaks } = this.#network.faults;
        if (breaks > 0 && this.#chance.happens(breaks)) this.break('connection reset');
      },
      end: (why) => {
        if (!this.#open[side] || this.#broken) return;
        this.#put(side, () => this.#tellClosed(other(side), why, true));
        this.#open[side] = false;
      },
      cancel: (why) => {
        this.#open[side] = false;
        this.break(why);
      },
    };
  }

  /** Delivers in order, after a while. */
  #put(side: Side, deliver: () => void): void {
    const direction = this.#directions[side];
    const at = Math.max(direction.lastAt, this.#timeline.now + this.#network.latency());
    direction.lastAt = at;
    this.#timeline.at(at, () => {
      if (at > direction.lostAfter) return;
      const process = this.#processes[other(side)];
      const run = (): void => {
        if (this.#open[other(side)]) deliver();
      };
      // A frozen process finds it when it wakes.
      const arrive = (): void => void process?.after(0, run);
      if (process !== undefined && this.#isFree(side) && direction.held.length === 0) arrive();
      else if (!this.#broken) direction.held.push(() => void this.#processes[other(side)]?.after(0, run));
    });
  }

  #isFree(side: Side): boolean {
    return this.#receivers[1] !== undefined && !this.#network.isCut(this.#hosts[side], this.#hosts[other(side)]);
  }

  #tellClosed(side: Side, why: string, inOrder: boolean): void {
    if (!this.#open[side]) return;
    const process = this.#processes[side];
    process?.after(0, () => {
      if (!this.#open[side]) return;
      this.#open[side] = false;
      this.#receivers[side]?.closed(why, inOrder);
      if (!this.#broken) this.break(why);
    });
  }
}

function newDirection(): Direction {
  return { held: [], lastAt: 0, lostAfter: Number.POSITIVE_INFINITY };
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
