import { type AttemptEnded, fromLogged } from '../../../coordinator/core/events.js';
import type { Run } from '../sim-runner.js';
import type { Checker, Facts } from './checker.js';

/** What the log says of an attempt is what happened: its reports as they were made, its end as it was, each once. */
export function trueResults(facts: Facts): Checker {
  const steps = new Map<string, number>();
  return {
    invariant: 'true results (P2, P3)',
    logged(event) {
      if (event.type === 'AttemptStarted') {
        // Where trials rest at rungs, what is known of an earlier attempt is not taken again.
        steps.set(`${event.study}/${event.trial}/${event.attempt}`, event.knownStep ?? 0);
      }
      if (event.type === 'TrialReported') {
        const key = `${event.study}/${event.trial}/${event.attempt}`;
        const seen = steps.get(key) ?? 0;
        if (event.step <= seen) return `step ${event.step} of ${key} is reported twice`;
        steps.set(key, event.step);
        const made = facts.runs.get(key)?.reports.find(({ step }) => step === event.step);
        const value = event.metrics['value'];
        if (made === undefined || value === undefined || !Object.is(fromLogged(value), made.value)) {
          return `${key} reported ${JSON.stringify(value)} at step ${event.step}; it was ${made?.value}`;
        }
      }
      if (event.type === 'AttemptEnded') {
        const key = `${event.study}/${event.trial}/${event.attempt}`;
        return endFault(event, key, facts.runs.get(key), steps.get(key) ?? 0);
      }
      return undefined;
    },
  };
}

function endFault({ end }: AttemptEnded, key: string, run: Run | undefined, lastStep: number): string | undefined {
  // Nobody knows what became of the one; the other may have ended while its worker left, and never come to say so.
  if (end === 'lost' || end === 'handed_back' || end === 'timed_out') return undefined;
  const outcome = run?.end?.outcome;
  const fits =
    end === 'completed' || end === 'refused'
      ? outcome === end
      : end === 'failed'
        ? outcome === 'failed' || outcome === 'stopped'
        : outcome === 'stopped' || outcome === 'failed';
  if (!fits) return `${key} is ${end} in the log, but it was ${outcome ?? 'never ended'}`;
  // One that went on from its last checkpoint may have had nothing left to do.
  const made = run!.reports.at(-1)?.step ?? run!.assignment.checkpoint?.step ?? 0;
  if (made > lastStep || (end === 'completed' && made !== lastStep))
    return `${key} is ${end} with reports up to step ${lastStep}, but it reported up to ${made}`;
  return undefined;
}
