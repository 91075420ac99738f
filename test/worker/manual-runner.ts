import type { AttemptEvents, AttemptRunner } from '../../worker/runner.js';

/** One attempt whose every word a test says. */
export interface ManualAttempt extends AttemptEvents {
  readonly trial: number;
  readonly attempt: number;
  /** `stop` or `kill`, as it was told. */
  readonly told: string[];
}

/** A runner whose attempts do what a test says. */
export interface ManualRunner extends AttemptRunner {
  readonly attempts: ManualAttempt[];
  /** Resolves once `count` attempts were started. */
  started(count: number): Promise<void>;
  /** Resolves once the attempt was told something. */
  told(index: number): Promise<void>;
}

export function createManualRunner(options: { readonly endsWhenStopped?: boolean } = {}): ManualRunner {
  const attempts: ManualAttempt[] = [];
  const waiting = new Set<() => void>();
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const changed = (): void => {
    for (const check of waiting) check();
  };
  return {
    attempts,
    started: (count) => until(() => attempts.length >= count),
    told: (index) => until(() => (attempts[index]?.told.length ?? 0) > 0),
    start({ attempt: ref }, events) {
      const attempt: ManualAttempt = {
        trial: ref!.trial,
        attempt: ref!.attempt,
        told: [],
        started: (digest) => events.started(digest),
        report: (step, metrics) => events.report(step, metrics),
        saved: (saved) => events.saved(saved),
        ended: (end) => events.ended(end),
      };
      attempts.push(attempt);
      changed();
      return {
        output: () => ({ totalBytes: 100, data: Buffer.from('the end') }),
        stop: () => {
          attempt.told.push('stop');
          changed();
          if (options.endsWhenStopped === true) events.ended({ outcome: 'stopped', error: '' });
        },
        kill: () => {
          attempt.told.push('kill');
          changed();
        },
      };
    },
  };
}
