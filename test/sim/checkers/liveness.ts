import type { Checker, Facts } from './checker.js';

/** Once faults are over, what was submitted is there, and has ended. */
export function everyStudyEnds(facts: Facts): Checker {
  return {
    invariant: 'every study ends (P11)',
    ended: () => unfinished(facts),
  };
}

/** What is still to be done, in words; undefined when all is done. */
export function unfinished({ state, submissions, answers }: Facts): string | undefined {
  for (const requestId of submissions.keys()) {
    if (!answers.has(requestId)) return `${requestId} has no answer`;
  }
  for (const study of state.studies.values()) {
    const { id, status, waiting, running, paused, delayed, proposed } = study;
    if (status === 'finished' && waiting.size + running.size + paused.size + delayed.size === 0) continue;
    return `${id} is ${status} with ${proposed} proposed, waiting ${[...waiting].join()}, running ${[...running].join()}`;
  }
  return undefined;
}
