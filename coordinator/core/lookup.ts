import type { Fleet, Worker } from './fleet.js';
import { didYouMean } from './nearest.js';
import { latestStudy, type State } from './state.js';
import type { Study } from './study.js';
import type { Trial } from './trial.js';

/** Why a command was refused; it wrote nothing. */
export interface Refusal {
  /** `limit`: there would be more of something than is possible; it may be possible later. */
  readonly code: 'not_found' | 'conflict' | 'limit';
  readonly message: string;
}

/** What came of a command. */
export type Decision<Reply> = { readonly reply: Reply } | { readonly refusal: Refusal };

export function conflict(message: string): { readonly refusal: Refusal } {
  return { refusal: { code: 'conflict', message } };
}

export function limit(message: string): { readonly refusal: Refusal } {
  return { refusal: { code: 'limit', message } };
}

/** A study by its id; the latest one for an empty id. */
export function findStudy(state: State, id: string): Study | Refusal {
  if (id === '') {
    return (
      latestStudy(state) ?? { code: 'not_found', message: 'there is no study yet: submit one with "assay submit FILE"' }
    );
  }
  const study = state.studies.get(id);
  if (study !== undefined) return study;
  const known = [...state.studies.keys()].reverse();
  const latest = known.slice(0, 5).reverse().join(', ');
  const hint = latest === '' ? 'there is none yet' : `the latest are ${latest}`;
  return { code: 'not_found', message: `there is no study ${id}${didYouMean(id, known)}: ${hint}` };
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value;
}

/** A trial by its number. */
export function findTrial(study: Study, number: number): Trial | Refusal {
  const trial = study.trials[number];
  if (trial !== undefined) return trial;
  const message =
    study.trials.length === 0
      ? `study ${study.id} has no trials yet`
      : `study ${study.id} has no trial ${number}: its trials are 0 to ${study.trials.length - 1}`;
  return { code: 'not_found', message };
}

/** A worker that has attached, by its id or its name. */
export function findWorker(fleet: Fleet, idOrName: string): Worker | Refusal {
  const attached = [...fleet.workers.values()].filter(({ profile }) => profile !== undefined);
  const found = attached.filter(({ id, profile }) => id === idOrName || profile!.name === idOrName);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    return { code: 'conflict', message: `${found.length} workers are named ${idOrName}: say which by its id, ${ids}` };
  }
  const names = attached.map(({ profile }) => profile!.name).sort();
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '');
  const hint = names.length === 0 ? 'none is attached' : `those attached are ${shown}`;
  return { code: 'not_found', message: `there is no worker ${idOrName}${didYouMean(idOrName, names)}: ${hint}` };
}
