import type { Study as StudyMessage, Trial } from '../../proto/index.js';
import type { Coordinator } from '../coordinator.js';
import { findStudy, findTrial, isRefusal, type Refusal } from '../core/lookup.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import { studyView, trialView } from '../core/views.js';
import { LONGEST_REQUEST_ID } from '../limits.js';
import { toStudy, toTrial } from '../rpc/convert.js';
import { Refused } from './refused.js';

/** Looks at studies that the log holds. */
export function looksAt(coordinator: Coordinator): {
  readonly viewOf: <A>(id: string, look: (study: Study, core: Core) => A) => Promise<A>;
  readonly studyAfter: (id: string) => Promise<StudyMessage>;
} {
  const viewOf = <A>(id: string, look: (study: Study, core: Core) => A): Promise<A> =>
    coordinator.view((core) => look(studyOf(core, id), core));
  return { viewOf, studyAfter: (id) => viewOf(id, (study, core) => toStudy(studyView(study, core.fleet))) };
}

export function studyOf(core: Pick<Core, 'state'>, id: string): Study {
  const study = findStudy(core.state, id);
  if (isRefusal(study)) throw new Refused(study);
  return study;
}

export function trialOf(study: Study, number: number): Trial {
  const trial = findTrial(study, number);
  if (isRefusal(trial)) throw new Refused(trial);
  const names = study.spec.params.map(({ name }) => name);
  return toTrial(trialView(study, trial), names);
}

export function checkRequestId(id: string): string {
  if (id.length <= LONGEST_REQUEST_ID) return id;
  throw new Refused({
    code: 'invalid',
    message: `request_id has ${id.length} characters, at most ${LONGEST_REQUEST_ID} are allowed`,
  });
}

export function taken<R>(outcome: { ok: true; reply: R } | { ok: false; refusal: Refusal }): R {
  if (outcome.ok) return outcome.reply;
  throw new Refused(outcome.refusal);
}
