import type { Fleet, WorkerProfile } from './fleet.js';
import { datasetOf, datasetsLike } from './objective-facts.js';
import { mayPropose, wants } from './plan.js';
import { unfit } from './requirements.js';
import type { Study } from './study.js';

/** Why a study ends or has ended, or why nothing of it runs although it could; empty when all is well. */
export function noticeOf(study: Study, fleet: Fleet): string {
  if (study.status === 'ending' || study.status === 'finished') return study.detail;
  if (study.status === 'paused') return 'paused: nothing new starts until it is resumed';
  if (!isIdle(study)) return '';
  return onlyDelayed(study) ?? starvation(study, fleet) ?? 'waiting for a free slot';
}

/** Whether nothing of it runs although there is something to do. */
function isIdle(study: Study): boolean {
  return study.status === 'running' && study.running.size === 0 && wants(study, Number.POSITIVE_INFINITY);
}

/** Said where nothing but the clock holds up what is left to do. */
function onlyDelayed(study: Study): string | undefined {
  const [first] = study.delayed.numbers();
  if (first === undefined || study.waiting.size > 0 || mayPropose(study)) return undefined;
  return `trial ${first} failed and is tried again after a pause`;
}

/** How a notice begins that says why no worker attached now takes the study's next trial. */
export const NOTHING_RUNS = 'nothing runs: ';

/** Why no worker will take the study's next trial; undefined where one runs, or will once it has a free slot. */
export function starvation(study: Study, fleet: Fleet): string | undefined {
  if (!isIdle(study) || onlyDelayed(study) !== undefined) return undefined;
  const reasons = new Map<string, string>();
  /** A worker of each kind, and why none of its kind can run the study. */
  const kinds = new Map<string, { readonly profile: WorkerProfile; readonly unfit: string | undefined }>();
  for (const { id, kind, profile, connected, conduct, silent, draining } of fleet.workers.values()) {
    if (!connected || profile === undefined) continue;
    let like = kinds.get(kind);
    if (like === undefined) {
      like = { profile, unfit: unfit(study.spec, profile) };
      kinds.set(kind, like);
    }
    const reason =
      like.unfit ??
      study.refusedBy.get(id) ??
      (conduct.quarantine && `is in quarantine: ${conduct.quarantine.reason}`) ??
      (silent ? 'is attached, but has not been heard of for a whole lease' : undefined);
    if (reason === undefined) return draining ? `${NOTHING_RUNS}the workers drain` : undefined;
    if (!reasons.has(reason)) reasons.set(reason, profile.name);
  }
  if (kinds.size === 0) return `${NOTHING_RUNS}no worker is attached`;
  const words = [...reasons].map(([reason, name]) => `${name} ${reason}`);
  const dataset = datasetOf(study.spec);
  const offered = dataset === undefined ? [] : [...kinds.values()].flatMap(({ profile }) => profile.datasets);
  const hint =
    dataset !== undefined && !offered.includes(dataset)
      ? ` (data sets there are: ${datasetsLike(dataset, offered)})`
      : '';
  return `${NOTHING_RUNS}${words.slice(0, 3).join('; ')}${words.length > 3 ? '; ...' : ''}${hint}`;
}
