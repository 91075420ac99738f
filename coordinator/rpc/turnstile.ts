import { callerOf } from '../access/caller.js';
import {
  MOST_CALLS,
  MOST_FOLLOWED,
  MOST_FOLLOWED_IN_ALL,
  MOST_SESSIONS,
  MOST_STREAMS,
  REFUSAL_MS,
  ROWS_OF_A_UNIT,
  UNITS_AT_ONCE,
  UNITS_OF_A_STUDY,
  UNITS_OF_AN_ARTIFACT,
  UNITS_PER_SECOND,
} from '../limits.js';
import { Allowance } from './allowance.js';
import { Encoded } from './encoded.js';

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
   * Does something that takes the coordinator's time, when everything of the kind that this caller has asked for before is
   * done and paid for: so a caller holds the others up once, however much it asks for at a time.
   *
   * @throws {CallerGoneError} when the call has ended before its turn came
   * @param costOf units that it has cost
   */
  inTurn<T>(act: () => Promise<T>, costOf: (result: T) => number): Promise<T>;
  /** Takes units for what has been done. */
  charge(units: number): void;
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

/** Whoever made a call has gone, and nothing was done for it. */
export class CallerGoneError extends Error {
  override readonly name = 'CallerGoneError';
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
  /** Settles when all that was to be done in turn is done. */
  turn: Promise<void>;
}

const MOST_VISITORS = 10_000;

/** Its multiples, without their whole parts, are spread as evenly as can be. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

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
  /** From 0 to 1, evenly spread. */
  #refusals = 0;
  /** By peer: before HTTP/2's settings have arrived, nothing else bounds them. */
  readonly #sessionsOf = new Map<string, number>();

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
    }, waitMs ?? this.#refusalMs());
    call.once('cancelled', () => {
      if (left) return;
      left = true;
      visitor.calls -= 1;
      clearTimeout(timer);
    });
  }

  /**
   * When the next refusal is said. Refusals of calls that came together are said one by one: each costs a little, and with it
   * its caller is told that there is room for another.
   */
  #refusalMs(): number {
    this.#refusals = (this.#refusals + GOLDEN_RATIO) % 1;
    return REFUSAL_MS * (1 - this.#refusals / 2);
  }

  #passSession(call: PassingCall, passage: Passage): void {
    if (this.#sessions >= MOST_SESSIONS) {
      passage.refuse(`${this.#sessions} workers are attached, at most ${MOST_SESSIONS} are possible`);
      return;
    }
    const peer = call.getPeer();
    const ofPeer = (this.#sessionsOf.get(peer) ?? 0) + 1;
    if (ofPeer > MOST_STREAMS) {
      passage.refuse(`${ofPeer} sessions began on one connection, at most ${MOST_STREAMS} are possible`);
      this.#connections.cut(peer);
      return;
    }
    this.#sessions += 1;
    this.#sessionsOf.set(peer, ofPeer);
    const leave = once(() => {
      this.#sessions -= 1;
      const left = (this.#sessionsOf.get(peer) ?? 1) - 1;
      if (left === 0) this.#sessionsOf.delete(peer);
      else this.#sessionsOf.set(peer, left);
    });
    passage.enter({
      leave,
      inTurn: (act) => act(),
      charge: () => {},
      drop: () => this.#connections.drop(call.getPeer()),
    });
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
    let here = true;
    return {
      leave: once(() => {
        here = false;
        visitor.calls -= 1;
        visitor.followed -= followed;
        this.#followed -= followed;
      }),
      inTurn: (act, costOf) => this.#inTurn(visitor, () => here, act, costOf),
      charge: (units) => void visitor.allowance.spend(units, this.#clock()),
      drop: () => this.#connections.drop(call.getPeer()),
    };
  }

  async #inTurn<T>(
    visitor: Visitor,
    isHere: () => boolean,
    act: () => Promise<T>,
    costOf: (result: T) => number,
  ): Promise<T> {
    const before = visitor.turn;
    let done = (): void => {};
    visitor.turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    try {
      // Hundreds may have gone: nobody waits for what is theirs, the end of the process least of all.
      const waitMs = isHere() ? visitor.allowance.spend(0, this.#clock()) : 0;
      if (waitMs > 0) await new Promise((resolve) => void setTimeout(resolve, waitMs).unref());
      if (!isHere()) throw new CallerGoneError();
      const result = await act();
      visitor.allowance.spend(costOf(result), this.#clock());
      return result;
    } finally {
      // Whoever else has asked for something meanwhile gets it first.
      setImmediate(done);
    }
  }

  #visitorOf(call: PassingCall): Visitor {
    const { token } = callerOf(call);
    const key = token === '' ? addressOf(call.getPeer()) : `token ${token}`;
    let visitor = this.#visitors.get(key);
    if (visitor === undefined) {
      if (this.#visitors.size >= MOST_VISITORS) this.#forget();
      visitor = { allowance: new Allowance(this.#clock()), calls: 0, followed: 0, turn: Promise.resolve() };
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

const TOO_FAST = `more than ${UNITS_PER_SECOND} units of work a second were asked for (${UNITS_AT_ONCE} after a rest; a call is one, a study ${UNITS_OF_A_STUDY}, long answers more): ask less often`;

function unitsOf(path: string): number {
  if (path.endsWith('/CreateStudy')) return UNITS_OF_A_STUDY;
  return path.includes('.ArtifactService/') ? UNITS_OF_AN_ARTIFACT : 1;
}

/** `address` of `address:port`. */
function addressOf(peer: string): string {
  return peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer;
}

/** Units of an answer: of the trials, studies and workers that it holds. */
export function unitsOfAnswer(answer: object): number {
  return Math.min(UNITS_AT_ONCE, (rowsOf(answer) / ROWS_OF_A_UNIT) ** 2);
}

function rowsOf(answer: object): number {
  if (answer instanceof Encoded) return answer.rows;
  let rows = 0;
  for (const [name, value] of Object.entries(answer)) {
    if (Array.isArray(value)) rows += value.length;
    else if (name === 'leaderboard') rows += rowsOf(value as object);
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

/** See {@link Entry.inTurn}; a call that came through no turnstile has its turn at once. */
export function inTurn<T>(call: object, act: () => Promise<T>, costOf: (result: T) => number): Promise<T> {
  return entries.get(call)?.inTurn(act, costOf) ?? act();
}
