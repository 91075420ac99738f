import type { Core } from '../core/transaction.js';

/** How many there are of each kind, when the coordinator was looked at. */
export interface Census {
  readonly studies: Readonly<Record<'running' | 'paused' | 'ending' | 'finished', number>>;
  readonly trials: Readonly<Record<'waiting' | 'running' | 'paused' | 'complete' | 'pruned' | 'failed', number>>;
  /** Each once, by the first that holds. */
  readonly workers: Readonly<Record<'away' | 'quarantined' | 'draining' | 'attached', number>>;
  /** Of workers that are attached; `closed`: free, but of a worker that takes nothing. */
  readonly slots: Readonly<Record<'busy' | 'idle' | 'closed', number>>;
  /** Attempts that run, as far as their leases say. */
  readonly leases: number;
  /** Events of the log. */
  readonly events: number;
}

/** Counts everything once. What it costs grows with the studies and the workers, not with the trials. */
export function takeCensus({ state, fleet }: Core): Census {
  const studies = { running: 0, paused: 0, ending: 0, finished: 0 };
  const trials = { waiting: 0, running: 0, paused: 0, complete: 0, pruned: 0, failed: 0 };
  for (const study of state.studies.values()) {
    studies[study.status] += 1;
    for (const status of Object.keys(trials) as (keyof typeof trials)[]) trials[status] += study.counts[status];
  }
  const workers = { away: 0, quarantined: 0, draining: 0, attached: 0 };
  const slots = { busy: 0, idle: 0, closed: 0 };
  let leases = 0;
  for (const worker of fleet.workers.values()) {
    leases += worker.attempts.size;
    const { connected, conduct, draining, capacity, profile } = worker;
    if (!connected) {
      workers.away += 1;
      continue;
    }
    const closed = conduct.quarantine !== undefined || draining;
    workers[conduct.quarantine !== undefined ? 'quarantined' : draining ? 'draining' : 'attached'] += 1;
    const free = Math.max(0, capacity.slots);
    slots.busy += (profile?.slots ?? 0) - free;
    slots[closed ? 'closed' : 'idle'] += free;
  }
  return { studies, trials, workers, slots, leases, events: state.events };
}
