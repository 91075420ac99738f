import type { Standing } from '../../search/index.js';
import type { Study } from './study.js';
import type { Trial } from './trial.js';

/** Trials of one configuration share its mean, and its place; one that has not had all its repeats is behind all that have. */
export function standingOf(study: Study, { status, number }: Trial): Standing {
  const kept = study.body === undefined ? study.remnant?.best : undefined;
  if (kept?.trial.number === number) return kept.standing;
  const { repeats, history } = study;
  const own = history.get(number)?.value;
  const shared = repeats?.standing(history, number);
  if (shared === undefined || shared.complete === 0 || (status !== 'complete' && status !== 'pruned')) {
    return { status, number, value: own };
  }
  const { mean, complete, wanted } = shared;
  return { status: 'complete', number, value: mean, provisional: complete < wanted };
}
