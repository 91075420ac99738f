import type { Checker, Facts } from './checker.js';

/** A request creates one thing, however often it is repeated, and its answer names what the log has. */
export function oneRequestOneStudy(facts: Facts): Checker {
  const created = new Map<string, string>();
  const answered = new Map<string, string>();
  return {
    invariant: 'one request, one study (P2)',
    logged(event) {
      const requestId = event.type === 'StudyCreated' || event.type === 'TrialProposed' ? event.requestId : undefined;
      if (requestId === undefined || requestId === '') return undefined;
      const what = event.type === 'TrialProposed' ? `${event.study}/${event.trial}` : event.study;
      const before = created.get(requestId);
      created.set(requestId, what);
      if (before !== undefined) return `request ${requestId} has created ${before} and now ${what}`;
      if (event.type === 'StudyCreated' && !facts.submissions.has(requestId)) return `nobody asked for ${event.study}`;
      return undefined;
    },
    answered(requestId, study, trial) {
      const what = trial === undefined ? study : `${study}/${trial}`;
      const before = answered.get(requestId) ?? what;
      answered.set(requestId, what);
      if (before !== what) return `request ${requestId} is answered with ${before} and then with ${what}`;
      if (created.get(requestId) !== what) return `request ${requestId} is answered with ${what}, which the log lacks`;
      return undefined;
    },
  };
}
