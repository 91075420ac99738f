import type { SessionRequest, SessionResponse } from '../../proto/index.js';

/** The coordinator's end of one worker's stream, whatever carries it. */
export interface WorkerStream {
  /** The id of the token that it came with; '' where none is asked for. */
  readonly token: string;
  write(response: SessionResponse): void;
  /** Ends it after what was written. */
  end(): void;
  /** Ends it because the worker broke the protocol. */
  fail(why: string): void;
  /** Ends it for a reason that will pass: the worker may come again. */
  turnAway(why: string): void;
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
