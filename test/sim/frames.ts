import type {
  AdjustStudy,
  DeleteStudy,
  EnqueueTrial,
  InvalidateTrial,
  PardonWorker,
  StopTrial,
} from '../../coordinator/core/commands.js';
import type { SearchSpec } from '../../coordinator/core/spec.js';
import { type Leaderboard, SessionRequest, SessionResponse, type StudyAction } from '../../proto/index.js';

/** What a client asks of a coordinator. */
export type Call =
  | { readonly type: 'create'; readonly requestId: string; readonly spec: SearchSpec }
  | { readonly type: 'control'; readonly study: string; readonly action: StudyAction }
  | { readonly type: 'rerun'; readonly requestId: string; readonly study: string; readonly trial: number }
  | { readonly type: 'leaderboard'; readonly study: string }
  | {
      readonly type: 'command';
      readonly command: AdjustStudy | DeleteStudy | StopTrial | InvalidateTrial | EnqueueTrial | PardonWorker;
    };

export type Answer =
  | { readonly ok: true; readonly study: string; readonly trial?: number; readonly board?: Leaderboard }
  | { readonly ok: false; readonly message: string };

/** What goes over the simulated network. */
export type Frame =
  | { readonly kind: 'request'; readonly request: SessionRequest }
  | { readonly kind: 'response'; readonly response: SessionResponse }
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'answer'; readonly answer: Answer };

/** A worker's message as it comes out of the wire format. */
export function throughWire(frame: Frame): Frame {
  if (frame.kind === 'request') {
    return { kind: 'request', request: SessionRequest.decode(SessionRequest.encode(frame.request).finish()) };
  }
  if (frame.kind === 'response') {
    return { kind: 'response', response: SessionResponse.decode(SessionResponse.encode(frame.response).finish()) };
  }
  return frame;
}
