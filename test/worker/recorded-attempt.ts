import type { AttemptEnd, AttemptEvents } from '../../worker/runner.js';

/** An attempt that writes down what its runner tells of it. */
export interface RecordedAttempt extends AttemptEvents {
  readonly digests: string[];
  readonly reports: { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
  readonly ends: AttemptEnd[];
  /** Resolves with the digest when it has started. */
  readonly whenStarted: Promise<string>;
  /** Resolves when it has ended. */
  readonly whenEnded: Promise<AttemptEnd>;
}

export function recordAttempt(): RecordedAttempt {
  let start: (digest: string) => void;
  let end: (end: AttemptEnd) => void;
  const attempt: RecordedAttempt = {
    digests: [],
    reports: [],
    ends: [],
    whenStarted: new Promise((resolve) => {
      start = resolve;
    }),
    whenEnded: new Promise((resolve) => {
      end = resolve;
    }),
    started: (digest) => {
      attempt.digests.push(digest);
      start(digest);
    },
    report: (step, metrics) => void attempt.reports.push({ step, metrics }),
    ended: (how) => {
      attempt.ends.push(how);
      end(how);
    },
  };
  return attempt;
}
