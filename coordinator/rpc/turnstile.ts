import { callerOf } from '../access/caller.js';
import {
  MOST_CALLS,
  MOST_FOLLOWED,
  MOST_FOLLOWED_IN_ALL,
  MOST_SESSIONS,
  REFUSAL_MS,
  ROWS_OF_A_UNIT,
  UNITS_AT_ONCE,
  UNITS_OF_A_STUDY,
  UNITS_OF_AN_ARTIFACT,
  UNITS_PER_SECOND,
} from '../limits.js';
import { Allowance } from './allowance.js';

/** What the turnstile has to know of a call: a gRPC call is one, and the dashboard makes one of a request. */
export interface PassingCall {
  /** `address:port` of whoever made it. */
  getPeer(): string;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** A call that is let in. */
export interface Entry {
  /** To be called once, when the call has ended in whatever way. */
  leave(): void;
  /**
   * Charges for what the answer holds.
   *
   * @param rows trials that are in it
   * @returns milliseconds that a stream should wait before it sends more
   */
  charge(rows: number): number;
  /** Ends the connection of a reader that leaves unread what is sent to it: nothing else frees what waits for it. */
  drop(): void;
}

/** The connections that calls come over; a peer is `address:port`. */
export interface Connections {
  /** Ends one, and is slow to take others from that address. */
  cut(peer: string): void;
  /** Ends one. */
  drop(peer: string): void;
}

/** What becomes of a call. */
export interface Passage {
  enter(entry: Entry): void;
  /** @param details names the limit, the value and what would be right */
  refuse(details: string): void;
}

/** `session`: a worker's. `followed`: a stream that the coordinator sends. `call`: all else. */
export type CallKind = 'session' | 'followed' | 'call';

/** One caller: a token, or an address where no token is asked for. */
interface Visitor {
  readonly allowance: Allowance;
  /** Those that wait included. */
  calls: number;
  followed: number;
}

const MOST_VISITORS = 10_000;

/**
 * Lets calls in, each caller no more than its share, whatever door they come through. A caller that asks faster than its
 * units come back waits; one that does not mind is refused, after a while, so that it cannot spend the coordinator's time on
 * refusals; and one that does not even wait for those has its connection cut.
 */
export class Turnstile {
  readonly #visitors = new Map<string, Visitor>();
  readonly #connections: Connections;
  readonly #clock: () => number;
  #followed = 0;
  #sessions = 0;

  constructor(connections: Connections = NO_CONNECTIONS, clock: () => number = () => performance.now()) {
    this.#connections = connections;
    this.#clock = clock;
  }

  pass(path: string, kind: CallKind, call: PassingCall, passage: Passage): void {
    if (kind === 'session') {
      this.#passSession(call, passage);
      return;
    }
    const visitor = this.#visitorOf(call);
    if (visitor.calls >= MOST_CALLS) {
      passage.refuse(`${visitor.calls} calls of yours are under way, at most ${MOST_CALLS} are possible at a time`);
      this.#connections.cut(call.getPeer());
      return;
    }
    visitor.calls += 1;
    const over = this.#overFollowed(kind, visitor);
    const waitMs = over === undefined ? visitor.allowance.take(unitsOf(path), this.#clock()) : undefined;
    if (waitMs === 0) {
      passage.enter(this.#entryOf(kind, visitor, call));
      return;
    }
    let left = false;
    const timer = setTimeout(() => {
      if (left) return;
      left = true;
      if (waitMs !== undefined) passage.enter(this.#entryOf(kind, visitor, call));
      else {
        visitor.calls -= 1;
        passage.refuse(over ?? TOO_FAST);
      }
    }, waitMs ?? REFUSAL_MS);
    call.once('cancelled', () => {
      if (left) return;
      left = true;
      visitor.calls -= 1;
      clearTimeout(timer);
    });
  }

  #passSession(call: PassingCall, passage: Passage): void {
    if (this.#sessions >= MOST_SESSIONS) {
      passage.refuse(`${this.#sessions} workers are attached, at most ${MOST_SESSIONS} are possible`);
      return;
    }
    this.#sessions += 1;
    const leave = once(() => {
      this.#sessions -= 1;
    });
    passage.enter({ leave, charge: () => 0, drop: () => this.#connections.drop(call.getPeer()) });
  }

  #overFollowed(kind: CallKind, visitor: Visitor): string | undefined {
    if (kind !== 'followed') return undefined;
    if (visitor.followed >= MOST_FOLLOWED) {
      return `you follow ${visitor.followed} streams, at most ${MOST_FOLLOWED} are possible at a time: end some`;
    }
    if (this.#followed < MOST_FOLLOWED_IN_ALL) return undefined;
    return `${this.#followed} streams are followed, at most ${MOST_FOLLOWED_IN_ALL} are possible: come again`;
  }

  #entryOf(kind: CallKind, visitor: Visitor, call: PassingCall): Entry {
    const followed = kind === 'followed' ? 1 : 0;
    visitor.followed += followed;
    this.#followed += followed;
    return {
      leave: once(() => {
        visitor.calls -= 1;
        visitor.followed -= followed;
        this.#followed -= followed;
      }),
      charge: (rows) => visitor.allowance.spend(rows / ROWS_OF_A_UNIT, this.#clock()),
      drop: () => this.#connections.drop(call.getPeer()),
    };
  }

  #visitorOf(call: PassingCall): Visitor {
    const { token } = callerOf(call);
    const key = token === '' ? addressOf(call.getPeer()) : `token ${token}`;
    let visitor = this.#visitors.get(key);
    if (visitor === undefined) {
      if (this.#visitors.size >= MOST_VISITORS) this.#forget();
      visitor = { allowance: new Allowance(this.#clock()), calls: 0, followed: 0 };
      this.#visitors.set(key, visitor);
    }
    return visitor;
  }

  /** Forgets those of whom there is nothing to remember. */
  #forget(): void {
    for (const [key, { allowance, calls }] of this.#visitors) {
      if (calls === 0 && allowance.isWhole(this.#clock())) this.#visitors.delete(key);
    }
  }
}

/** Of a door whose connections are bounded by other means. */
const NO_CONNECTIONS: Connections = { cut: () => {}, drop: () => {} };

const TOO_FAST = `more than ${UNITS_PER_SECOND} units of work a second were asked for (${UNITS_AT_ONCE} after a rest; a call is one, a study ${UNITS_OF_A_STUDY}, ${ROWS_OF_A_UNIT} trials in an answer one more): ask less often`;

function unitsOf(path: string): number {
  if (path.endsWith('/CreateStudy')) return UNITS_OF_A_STUDY;
  return path.includes('.ArtifactService/') ? UNITS_OF_AN_ARTIFACT : 1;
}

/** `address` of `address:port`. */
function addressOf(peer: string): string {
  return peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer;
}

/** How many trials, studies or workers an answer holds: what it costs to make. */
export function rowsOf(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null) return 0;
  let rows = 0;
  for (const [name, value] of Object.entries(answer)) {
    if (Array.isArray(value)) rows += value.length;
    else if (name === 'leaderboard') rows += rowsOf(value);
  }
  return rows;
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

const entries = new WeakMap<object, Entry>();

/** Remembers a call's entry for whoever answers it. */
export function remember(call: object, entry: Entry): void {
  entries.set(call, entry);
}

/** See {@link Entry.drop}. */
export function drop(call: object): void {
  entries.get(call)?.drop();
}

/** See {@link Entry.charge}; a call that came through no turnstile is charged nothing. */
export function chargeOf(call: object, rows: number): number {
  return entries.get(call)?.charge(rows) ?? 0;
}
