import type { Fleet, Worker } from './fleet.js';
import { unfit } from './requirements.js';
import type { Study } from './study.js';

/** Where an attempt can run now. */
export interface Room {
  readonly worker: Worker;
  /** The GPUs that it gets there. */
  readonly gpus: readonly string[];
}

/**
 * The worker that an attempt of a study fits on best: the one with the most free slots, so that work spreads, and one
 * without free GPUs for what wants none.
 *
 * @param avoid workers to keep away from as long as the fleet has another that could do it, busy or not
 */
export function findRoom(fleet: Fleet, study: Study, avoid: ReadonlySet<string> = NOBODY): Room | undefined {
  const found = findAmongFree(fleet, study, avoid);
  if (found !== undefined || avoid.size === 0 || hasOther(fleet, study, avoid)) return found;
  return findAmongFree(fleet, study, NOBODY);
}

const NOBODY: ReadonlySet<string> = new Set();

function findAmongFree(fleet: Fleet, study: Study, avoid: ReadonlySet<string>): Room | undefined {
  const { requires } = study.spec;
  let best: Room | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const shelf of fleet.free.shelves()) {
    const [like] = shelf;
    const gpus = like!.capacity.offer(requires);
    if (gpus === undefined || unfit(study.spec, like!.profile!) !== undefined) continue;
    const score = like!.capacity.slots - (requires.gpu === 0 && like!.profile!.gpus.length > 0 ? NEEDLESS_GPU : 0);
    if (score <= bestScore) continue;
    const worker = firstAllowed(shelf, study, avoid);
    if (worker === undefined) continue;
    best = { worker, gpus: worker === like ? gpus : worker.capacity.offer(requires)! };
    bestScore = score;
  }
  return best;
}

/** More than any worker has slots. */
const NEEDLESS_GPU = 1e6;

function firstAllowed(shelf: ReadonlySet<Worker>, study: Study, avoid: ReadonlySet<string>): Worker | undefined {
  for (const worker of shelf) if (!avoid.has(worker.id) && !study.refusedBy.has(worker.id)) return worker;
  return undefined;
}

function hasOther(fleet: Fleet, study: Study, avoid: ReadonlySet<string>): boolean {
  for (const worker of fleet.workers.values()) {
    if (avoid.has(worker.id) || !worker.connected || worker.draining || worker.profile === undefined) continue;
    if (worker.silent) continue;
    if (worker.conduct.quarantine !== undefined || study.refusedBy.has(worker.id)) continue;
    if (unfit(study.spec, worker.profile) === undefined) return true;
  }
  return false;
}
