import type { ServerResponse } from 'node:http';
import { LONGEST_UNREAD_MS } from '../limits.js';
import type { Pieces } from './long-text.js';

/** A connection that nothing is written to for this long is cut by proxies; milliseconds. */
const KEEPALIVE_MS = 15_000;

/** How long a browser waits before it connects again, milliseconds. */
const RETRY_MS = 1_000;

/**
 * One browser's event stream (server-sent events). A reader that does not keep up is not written to until it has taken
 * what it was sent: whoever feeds the stream then sends it the difference, which is shorter than the story. One that takes
 * nothing for a minute is let go.
 */
export class EventStream {
  /** The log position up to which this reader has been told. */
  position: number;
  #ready = true;
  #held = false;
  #open = true;
  /** When it was found to be behind, milliseconds of the process; undefined while it keeps up. */
  #behindSince: number | undefined;
  readonly #response: ServerResponse;
  readonly #keepalive: NodeJS.Timeout;

  /**
   * @param onReady called when a reader that was behind can take more
   * @param onClose called once, when the reader has gone
   */
  constructor(
    response: ServerResponse,
    position: number,
    onReady: () => void,
    onClose: () => void,
    unreadMs: number = LONGEST_UNREAD_MS,
  ) {
    this.#response = response;
    this.position = position;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#keepalive = setInterval(
      () => {
        if (this.ready) response.write(':\n\n');
        else if (performance.now() - (this.#behindSince ?? performance.now()) > unreadMs) response.destroy();
      },
      Math.min(KEEPALIVE_MS, unreadMs),
    );
    response.on('drain', () => {
      this.#ready = true;
      this.#behindSince = undefined;
      if (this.#open) onReady();
    });
    response.on('close', () => {
      this.#open = false;
      clearInterval(this.#keepalive);
      onClose();
    });
  }

  /** Whether it can be written to now. */
  get ready(): boolean {
    return this.#ready && !this.#held && this.#open;
  }

  /** Something long is being made for this reader: until it is sent nothing else is, for it would come out of order. */
  hold(): void {
    this.#held = true;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Sends a frame made by {@link frame}, or the pieces of one. */
  send(text: string | Pieces, position: number): void {
    this.position = position;
    this.#held = false;
    if (!this.#open) return;
    let room = true;
    for (const piece of typeof text === 'string' ? [text] : text) room = this.#response.write(piece);
    if (room) return;
    this.#ready = false;
    this.#behindSince ??= performance.now();
  }

  end(): void {
    this.#response.end();
  }
}

/** One event as it goes over the wire. `id` is the log position that a browser names when it comes back. */
export function frame(event: string, id: number, data: unknown): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The same of data that are written already, in pieces. */
export function framed(event: string, id: number, data: Pieces): Pieces {
  return [Buffer.from(`event: ${event}\nid: ${id}\ndata: `), ...data, Buffer.from('\n\n')];
}
