import type { Assignment } from '../proto/index.js';
import { type AttemptEvents, type AttemptRunner, NO_OUTPUT } from './runner.js';

/** What an attempt may do that runs in the worker's own process. */
export type InProcessHooks = Pick<AttemptEvents, 'started' | 'report' | 'saved'> & { readonly signal: AbortSignal };

/**
 * Runs attempts in this process: for benches and tests of what is around an attempt. Nothing separates them, so one that
 * blocks or crashes takes the worker along.
 */
export function createInProcessRunner(
  run: (assignment: Assignment, hooks: InProcessHooks) => Promise<void>,
): AttemptRunner {
  return {
    start(assignment, events) {
      const controller = new AbortController();
      const { signal } = controller;
      let killed = false;
      const hooks: InProcessHooks = {
        signal,
        started: (digest) => void (killed || events.started(digest)),
        report: (step, metrics) => void (killed || events.report(step, metrics)),
        saved: (saved) => void (killed || events.saved(saved)),
      };
      run(assignment, hooks).then(
        () => void (killed || events.ended({ outcome: signal.aborted ? 'stopped' : 'completed', error: '' })),
        (error: unknown) => void (killed || events.ended({ outcome: 'failed', error: String(error) })),
      );
      return {
        stop: () => controller.abort(),
        output: () => NO_OUTPUT,
        kill: () => {
          killed = true;
          controller.abort();
        },
      };
    },
  };
}
