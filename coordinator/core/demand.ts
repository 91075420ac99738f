import { lacking, slotsOf } from './resources.js';
import type { SearchSpec } from './spec.js';
import type { State } from './state.js';
import type { Study } from './study.js';

/** Workers of one kind, of which there can be more or fewer. */
export interface Pool {
  /** Of each worker. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of each worker. */
  readonly gpus: number;
  /** Of each worker; absent: enough for anything. */
  readonly memoryBytes?: number | undefined;
}

/** Slots that a study wants which nothing bounds but its time: more than anybody has. */
export const UNBOUNDED_SLOTS = 1_000_000;

/**
 * Slots that workers of a pool could fill: those of the attempts that run, and those of the attempts that would start
 * were there slots for them. What runs elsewhere counts as well, where the pool could run it, because nothing here says
 * which worker belongs to whom: this looks at what the log says and at nothing else, so that a standby can answer it and
 * a coordinator that was just restarted does not send its fleet away.
 */
export function slotsWanted(state: State, pool: Pool): number {
  let slots = 0;
  for (const study of state.active) {
    if (!couldRun(pool, study.spec)) continue;
    slots += (study.running.size + startable(study)) * slotsOf(study.spec.requires);
  }
  return Math.min(slots, UNBOUNDED_SLOTS);
}

function couldRun({ labels, gpus, memoryBytes }: Pool, { requires }: SearchSpec): boolean {
  if (Object.entries(requires.labels).some(([label, value]) => labels[label] !== value)) return false;
  const each = Array.from({ length: gpus }, (_, i) => ({ id: `${i}`, name: '', memoryBytes: 0, driver: '', slots: 1 }));
  return lacking(requires, { slots: 1, gpus: each, memoryBytes: memoryBytes ?? Number.MAX_SAFE_INTEGER }) === undefined;
}

/** Attempts that would start beside those that run. What waits for a time counts: it is a minute at most. */
function startable(study: Study): number {
  const { parallel = Number.POSITIVE_INFINITY } = study.spec;
  if (study.status === 'paused' || study.status === 'ending') return 0;
  const again = study.waiting.size + study.delayed.size;
  const rests = study.status === 'running' && study.promoter?.next(study.history) !== undefined ? 1 : 0;
  const room = Math.max(0, parallel - study.running.size);
  return Math.min(room, again + rests + proposable(study), UNBOUNDED_SLOTS);
}

/** New trials that a study may still have. */
function proposable(study: Study): number {
  const { budget } = study.spec;
  if (study.status !== 'running') return 0;
  const left = budget.trials === undefined ? Number.POSITIVE_INFINITY : Math.max(0, budget.trials - study.proposed);
  return study.exhausted ? Math.min(left, study.queue.length - study.enqueued) : left;
}
