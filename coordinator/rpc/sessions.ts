import type { SessionRequest, SessionResponse } from '../../proto/index.js';

/** The coordinator's end of one worker's stream, whatever carries it. */
export interface WorkerStream {
  write(response: SessionResponse): void;
  /** Ends it after what was written. */
  end(): void;
  /** Ends it because the worker broke the protocol. */
  fail(why: string): void;
}

/** What a stream's carrier tells the session on it. */
export interface SessionInput {
  receive(request: SessionRequest): void;
  /** The stream has ended, in whatever way. */
  close(): void;
}

/** Takes workers' streams: one session each. */
export interface WorkerSessions {
  open(stream: WorkerStream): SessionInput;
}
