import type { Params } from '../../search/index.js';
import type { EndReason } from '../core/events.js';

/** What people can be told of while they do not look. */
export const NOTICE_KINDS = ['study_finished', 'new_best', 'study_failing', 'no_worker', 'worker_quarantined'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/**
 * A notice as it is sent, in JSON. `text` is one line for people, which chat services show as it is. Fields are added, never
 * renamed or removed; a number that JSON cannot hold is the string "NaN", "Infinity" or "-Infinity".
 */
export type Notice = NoticeHead & NoticeBody;

interface NoticeHead {
  /** The same when a notice is sent again. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly text: string;
}

export type NoticeBody =
  | {
      readonly kind: 'study_finished';
      readonly study: string;
      readonly why: EndReason;
      readonly detail: string;
      readonly best: NoticedTrial | null;
    }
  | {
      readonly kind: 'new_best';
      readonly study: string;
      readonly best: NoticedTrial;
      /** The value of the best before it. */
      readonly before: number | string | null;
    }
  | { readonly kind: 'study_failing'; readonly study: string; readonly detail: string }
  | { readonly kind: 'no_worker'; readonly study: string; readonly detail: string; readonly sinceMs: number }
  | {
      readonly kind: 'worker_quarantined';
      readonly worker: string;
      readonly workerId: string;
      readonly reason: string;
      readonly untilMs: number;
    };

export interface NoticedTrial {
  readonly trial: number;
  readonly metric: string;
  /** What it is ranked by: its value, or the mean of its repeats. */
  readonly value: number | string;
  readonly params: Params;
}
