import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { SessionRequest, SessionResponse } from '../../proto/index.js';
import { callerOf } from '../access/caller.js';
import { LONGEST_ATTACH_MS, LONGEST_UNREAD_MS, MOST_UNREAD_BYTES } from '../limits.js';
import type { WorkerSessions } from './sessions.js';
import { drop } from './turnstile.js';

type Call = ServerDuplexStream<SessionRequest, SessionResponse>;

/** What a worker's stream may do before it is ended. */
export interface StreamLimits {
  /** How long it may take to say who it is, milliseconds. */
  readonly attachMs: number;
  /** How long it may leave unread what was sent to it, milliseconds. */
  readonly unreadMs: number;
  /** How much of that may wait, bytes. */
  readonly unreadBytes: number;
}

const LIMITS: StreamLimits = {
  attachMs: LONGEST_ATTACH_MS,
  unreadMs: LONGEST_UNREAD_MS,
  unreadBytes: MOST_UNREAD_BYTES,
};

/**
 * Carries a worker's session over gRPC. A worker that says nothing is sent away, and one that does not read is cut off: it
 * comes back and presents what it runs, and nothing is lost.
 */
export function carrySession(call: Call, sessions: WorkerSessions, limits: StreamLimits = LIMITS): void {
  const end = (code: status, details: string): void => void call.emit('error', { code, details });
  const silence = setTimeout(() => {
    end(status.DEADLINE_EXCEEDED, `no attach came within ${limits.attachMs / 1_000} s, and a session begins with one`);
  }, limits.attachMs);
  const unread = new Unread(call, limits);
  const session = sessions.open({
    token: callerOf(call).token,
    write: (response) => unread.write(response),
    end: () => void call.end(),
    fail: (details) => end(status.INVALID_ARGUMENT, details),
    turnAway: (details) => end(status.ABORTED, details),
  });
  call.on('data', (request: SessionRequest) => {
    clearTimeout(silence);
    session.receive(request);
  });
  for (const over of ['end', 'cancelled', 'error']) {
    call.on(over, () => {
      clearTimeout(silence);
      session.close();
    });
  }
}

/** Counts what a worker has not read yet. */
class Unread {
  readonly #call: Call;
  readonly #limits: StreamLimits;
  #bytes = 0;
  /** When the oldest of it was sent, or the last was read; undefined when nothing is unread. */
  #since: number | undefined;

  constructor(call: Call, limits: StreamLimits) {
    this.#call = call;
    this.#limits = limits;
  }

  write(response: SessionResponse): void {
    const now = performance.now();
    const bytes = sizeOf(response);
    this.#bytes += bytes;
    this.#since ??= now;
    if (this.#bytes > this.#limits.unreadBytes || now - this.#since > this.#limits.unreadMs) {
      drop(this.#call);
      return;
    }
    this.#call.write(response, () => {
      this.#bytes -= bytes;
      this.#since = this.#bytes > 0 ? performance.now() : undefined;
    });
  }
}

/** What a message takes, roughly, without writing it down twice. */
function sizeOf({ body }: SessionResponse): number {
  if (body?.$case !== 'dispatch') return 256;
  const { assignments, stops, abandoned } = body.value;
  let bytes = 256 * (1 + stops.length + abandoned.length);
  for (const { configJson, paramsJson } of assignments) bytes += 1_024 + configJson.length + paramsJson.length;
  return bytes;
}
