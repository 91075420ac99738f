import type { SessionRequest } from '../proto/index.js';
import type { Clock } from './clock.js';
import type { Closed, Link, LinkEvents } from './link.js';

/** What a worker that knows several coordinators dials with. */
export interface DialOptions {
  /** Of the coordinators that are known, at least one. */
  readonly addresses: readonly string[];
  /** Opens a stream to one of them. Its events must not come before it has returned. */
  readonly open: (address: string, events: LinkEvents) => Link;
  readonly clock: Pick<Clock, 'after'>;
  /** Draws from [0, 1). */
  readonly random: () => number;
}

/** How long one that does not answer is waited for before the next one is asked as well, at most, milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * Dials the coordinators of a cluster until one answers: first the one that is said to lead, or else the next one in turn;
 * whoever refuses is followed by the one that it names or by the next one at once, and beside whoever says nothing for a
 * while the next one is asked as well. So a worker waits at all standbys for the end of a dead leader's lease, and whichever
 * of them leads lets it in; and one that has only just begun, or that the network has swallowed, holds nobody up.
 *
 * All are told the same, which the session says first. The first that answers is the link, the others are hung up on.
 */
export function createDial(options: DialOptions): (events: LinkEvents) => Link {
  const turn = { first: options.addresses[0]! };
  return (events) => new Dial(options, turn, events);
}

/** Whom the next dialling begins with. */
interface Turn {
  first: string;
}

class Dial implements Link {
  readonly #options: DialOptions;
  readonly #turn: Turn;
  readonly #events: LinkEvents;
  /** Links to those that were asked and have not refused. */
  readonly #open = new Map<string, Link>();
  readonly #asked = new Set<string>();
  /** What was sent before anybody answered. */
  #said: SessionRequest[] = [];
  #answered: Link | undefined;
  #closed = false;
  #hurry = (): void => {};

  constructor(options: DialOptions, turn: Turn, events: LinkEvents) {
    this.#options = options;
    this.#turn = turn;
    this.#events = events;
    this.#ask(turn.first);
  }

  send(request: SessionRequest): void {
    if (this.#answered !== undefined) {
      this.#answered.send(request);
      return;
    }
    this.#said.push(request);
    for (const link of this.#open.values()) link.send(request);
  }

  close(reason: string): void {
    this.#end({ reason, retry: true });
  }

  #ask(address: string): void {
    this.#asked.add(address);
    const link = this.#options.open(address, {
      response: (response) => {
        if (this.#closed || this.#open.get(address) !== link) return;
        if (this.#answered === undefined) this.#choose(address, link);
        this.#events.response(response);
      },
      closed: (why) => {
        if (this.#closed || this.#open.get(address) !== link) return;
        this.#open.delete(address);
        this.#refused(address, why);
      },
    });
    this.#open.set(address, link);
    for (const request of this.#said) link.send(request);
    const { clock, random } = this.#options;
    this.#hurry();
    this.#hurry = clock.after(PATIENCE_MS * (0.5 + random() / 2), () => {
      const next = this.#next;
      if (next !== undefined) this.#ask(next);
    });
  }

  /** Who has not been asked yet. */
  get #next(): string | undefined {
    return this.#options.addresses.find((address) => !this.#asked.has(address));
  }

  #choose(address: string, link: Link): void {
    this.#answered = link;
    this.#hurry();
    this.#said = [];
    for (const [other, rival] of [...this.#open]) {
      if (other === address) continue;
      this.#open.delete(other);
      rival.close('another coordinator has answered');
    }
  }

  #refused(address: string, why: Closed): void {
    if (this.#answered === undefined && why.retry) {
      const next = [why.leader, this.#next].find((other) => other !== undefined && !this.#asked.has(other));
      if (next !== undefined) {
        this.#ask(next);
        return;
      }
      if (this.#open.size > 0) return;
    }
    const { addresses } = this.#options;
    this.#turn.first = why.leader ?? addresses[(addresses.indexOf(address) + 1) % addresses.length]!;
    this.#end(why);
  }

  #end(why: Closed): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hurry();
    for (const link of this.#open.values()) link.close(why.reason);
    this.#events.closed(why);
  }
}
