import { once } from 'node:events';
import { LONGEST_UNREAD_MS } from '../limits.js';
import { drop } from './turnstile.js';

/** A stream that the coordinator sends. */
export interface Followed<M> extends NodeJS.EventEmitter {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  write(message: M, taken?: () => void): boolean;
}

/** Its reader left unread what was sent. */
export class SlowReaderError extends Error {
  override readonly name = 'SlowReaderError';

  constructor(unreadMs: number) {
    super(`nothing of what was sent was read for ${unreadMs / 1_000} s, so the stream was ended: follow it again`);
  }
}

/**
 * Sends one message and waits until it has left: one at a time waits for a reader, whatever happens meanwhile.
 *
 * @returns false when the reader has gone
 * @throws {SlowReaderError} when it does not read
 */
export async function send<M>(call: Followed<M>, message: M, unreadMs: number = LONGEST_UNREAD_MS): Promise<boolean> {
  await inTime(call, new Promise<void>((resolve) => call.write(message, resolve)), unreadMs);
  return !call.cancelled && !call.destroyed;
}

/** Waits for room in a stream that was written to until it had none. @throws {SlowReaderError} when its reader does not read */
export async function roomIn(call: Followed<never>, unreadMs: number = LONGEST_UNREAD_MS): Promise<void> {
  await inTime(call, once(call, 'drain'), unreadMs);
}

/** Waits for a reader to read, or to go. */
async function inTime(call: NodeJS.EventEmitter, read: Promise<unknown>, unreadMs: number): Promise<void> {
  const over = new AbortController();
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => {
      drop(call);
      reject(new SlowReaderError(unreadMs));
    }, unreadMs);
  });
  const gone = ['cancelled', 'close'].map((event) => once(call, event, { signal: over.signal }).catch(() => {}));
  try {
    await Promise.race([read, tooLate, ...gone]);
  } finally {
    clearTimeout(late);
    over.abort();
  }
}
