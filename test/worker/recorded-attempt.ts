import type { AttemptEnd, AttemptEvents, SavedArtifacts } from '../../worker/runner.js';
import type { LocalEvents, MadeFiles } from '../../worker/saving-runner.js';

/** An attempt that writes down what its runner tells of it. */
export interface RecordedAttempt extends AttemptEvents, LocalEvents {
  readonly files: MadeFiles[];
  readonly artifacts: SavedArtifacts[];
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
    files: [],
    artifacts: [],
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
    made: (files) => void attempt.files.push(files),
    saved: (saved) => void attempt.artifacts.push(saved),
    ended: (how) => {
      attempt.ends.push(how);
      end(how);
    },
  };
  return attempt;
}
