import type { Event } from '../../../coordinator/core/events.js';
import type { Checker, Facts } from './checker.js';

/** A study starts exactly as many trials as people asked for, re-runs apart, and does not end before they have. */
export function exactBudget(facts: Facts): Checker {
  const started = new Map<string, number>();
  const budgets = new Map<string, number | undefined>();
  const follow = (event: Event): string | undefined => {
    if (event.type === 'StudyCreated') budgets.set(event.study, facts.submissions.get(event.requestId)?.budget.trials);
    if (event.type !== 'StudyAdjusted' || event.budget === undefined) return undefined;
    const before = budgets.get(event.study);
    const more = facts.extensions.get(event.requestId);
    if (more === undefined) return `nobody asked for ${JSON.stringify(event)}`;
    budgets.set(event.study, before === undefined ? undefined : before + more);
    return undefined;
  };
  return {
    invariant: 'exact budget (P9)',
    logged(event) {
      if (event.type === 'TrialProposed' && event.rerunOf === undefined) {
        const count = (started.get(event.study) ?? 0) + 1;
        started.set(event.study, count);
        const budget = budgets.get(event.study);
        if (budget !== undefined && count > budget) return `${event.study} starts trial ${count} of ${budget}`;
      }
      if (event.type === 'StudyFinished' && event.why === 'trials') {
        const count = started.get(event.study) ?? 0;
        const budget = budgets.get(event.study);
        if (count !== budget) return `${event.study} finished after ${count} of ${budget} trials`;
        const { trials } = facts.state.studies.get(event.study)!;
        const open = trials.find((trial) => trial.rerunOf === undefined && !('endedAt' in trial));
        if (open !== undefined) return `${event.study} finished while trial ${open.number} is ${open.status}`;
      }
      return follow(event);
    },
  };
}
