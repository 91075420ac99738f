import { type AttemptName, keyOf } from './attempt-name.js';
import { Conduct } from './conduct.js';
import type { AttemptEnded, Event } from './events.js';
import { FreeWorkers } from './free-workers.js';
import { Capacity, type Gpu } from './resources.js';
import type { SearchSpec } from './spec.js';
import type { State } from './state.js';
import { isFailure, succeeded } from './trial.js';

/** How busy a GPU is; what is absent is unknown. */
export interface GpuUse {
  readonly id: string;
  readonly memoryUsedBytes?: number | undefined;
  /** 0 to 1. */
  readonly utilization?: number | undefined;
}

/** What a worker says of itself when it attaches. */
export interface WorkerProfile {
  /** Drawn once per worker process. */
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly backend: string;
  /** Why it is that one, for people. */
  readonly backendReason: string;
  readonly objectives: readonly string[];
  readonly datasets: readonly string[];
  /** Where there are any, `slots` is the sum of theirs. */
  readonly gpus: readonly Gpu[];
  /** How a study's own code may come to it: `upload`, `git`. */
  readonly codeSources: readonly string[];
  /** Memory that attempts may use together; 0 when it does not say. */
  readonly memoryBytes: number;
}

/** How a worker leaves that was asked to: it finishes what runs, or hands it back at once. */
export type Leaving = 'finish' | 'hand_back';

/** An attempt on a worker, and what it has of it. */
export interface Held extends AttemptName {
  readonly gpus: readonly string[];
  readonly requires: SearchSpec['requires'];
}

/** A worker as the coordinator knows it now. Not in the log: a restarted coordinator learns it anew. */
export interface Worker {
  /** Absent for a worker that the log names and that has not come back since the restart. */
  profile: WorkerProfile | undefined;
  readonly id: string;
  connected: boolean;
  /** Takes no further attempts: it says so itself, or it was asked to leave. */
  draining: boolean;
  /** Set once somebody asked it to leave. */
  leaving: Leaving | undefined;
  attachedAt: number;
  /** When it was last heard of; its attempts' leases run from here. */
  heardAt: number;
  /** Not heard of for a whole lease, though its stream may be open: it gets nothing until it is. */
  silent: boolean;
  readonly attempts: Map<string, Held>;
  attemptsDone: number;
  /** Of those done, the ones that failed or timed out. */
  attemptsFailed: number;
  readonly conduct: Conduct;
  /** The same for workers that can run the same studies. */
  kind: string;
  /** What its attempts leave. */
  capacity: Capacity;
  /** As it last said. */
  gpuUse: readonly GpuUse[];
}

/**
 * The workers and the attempts they hold, kept in step with the log by {@link Fleet.follow}. A lease is not a record of
 * its own: all attempts of a worker live as long as the worker is heard of (P4).
 */
export class Fleet {
  readonly workers: Map<string, Worker> = new Map();
  /** Workers that may take an attempt now: connected and heard of, neither draining nor in quarantine, with a free slot. */
  readonly free: FreeWorkers<Worker> = new FreeWorkers();
  readonly #quarantined = new Set<Worker>();
  #checkedAt: number | undefined;

  /** Every worker that holds an attempt after a replay gets a fresh full lease from `at` on. */
  restore(state: State, at: number): void {
    for (const study of state.active) {
      for (const trial of study.running) {
        const attempt = study.trials[trial]!.attempts.length;
        this.#hold({ study: study.id, trial, attempt }, state, at);
      }
    }
  }

  attach(profile: WorkerProfile, at: number): Worker {
    const worker = this.#get(profile.id, at);
    worker.profile = profile;
    worker.kind = kindOf(profile);
    worker.capacity = new Capacity(profile);
    for (const { gpus, requires } of worker.attempts.values()) worker.capacity.take(gpus, requires);
    worker.connected = true;
    worker.draining = worker.leaving !== undefined;
    worker.attachedAt = at;
    worker.heardAt = at;
    worker.silent = false;
    this.#refile(worker);
    return worker;
  }

  /** The stream ended. The attempts keep their leases. */
  detach(id: string): void {
    const worker = this.workers.get(id);
    if (worker === undefined) return;
    worker.connected = false;
    this.#refile(worker);
    this.#forgetIfDone(worker);
  }

  /** The worker takes no further attempts. @param leaving how it is to leave, where somebody asked it to */
  drain(id: string, leaving?: Leaving): void {
    const worker = this.workers.get(id);
    if (worker === undefined) return;
    worker.draining = true;
    worker.leaving = leaving ?? worker.leaving;
    this.#refile(worker);
  }

  heard(id: string, at: number): Worker | undefined {
    const worker = this.workers.get(id);
    if (worker === undefined) return undefined;
    worker.heardAt = at;
    if (worker.silent) {
      worker.silent = false;
      this.#refile(worker);
    }
    return worker;
  }

  /** How busy the GPUs of a worker are. */
  use(id: string, gpuUse: readonly GpuUse[]): void {
    const worker = this.workers.get(id);
    if (worker !== undefined) worker.gpuUse = gpuUse;
  }

  /** Keeps the attempts of each worker in step with one event of the log. */
  follow(event: Event, state: State): void {
    switch (event.type) {
      case 'AttemptStarted':
      case 'AttemptResumed':
        this.#hold(event, state, event.at);
        break;
      case 'AttemptEnded': {
        const attempt = state.studies.get(event.study)!.trials[event.trial]!.attempts[event.attempt - 1]!;
        const worker = this.workers.get(attempt.worker);
        const held = worker?.attempts.get(keyOf(event));
        if (worker === undefined || held === undefined) break;
        worker.attempts.delete(keyOf(event));
        worker.capacity.giveBack(held.gpus, held.requires);
        worker.attemptsDone += 1;
        if (succeeded(attempt)) worker.conduct.succeeded();
        if (isFailure(attempt)) this.#failed(worker, event, state);
        this.#refile(worker);
        this.#forgetIfDone(worker);
        break;
      }
      default:
        break;
    }
  }

  /** Lets those whose time is over work again. */
  endQuarantines(at: number): void {
    for (const worker of this.#quarantined) {
      if (worker.conduct.quarantine!.until > at) continue;
      worker.conduct.release();
      this.#leaveQuarantine(worker);
    }
  }

  /** Lets a worker work again that somebody has mended. */
  pardon(worker: Worker): void {
    worker.conduct.pardon();
    this.#leaveQuarantine(worker);
  }

  /**
   * Called at every check of the leases. When the last check is long ago, it was the coordinator that slept (a closed
   * laptop, a stopped process, a clock that jumped), not the workers: they get a fresh lease.
   */
  checked(at: number, leaseMs: number): void {
    if (this.#checkedAt !== undefined && at - this.#checkedAt > leaseMs / 2) {
      for (const worker of this.workers.values()) worker.heardAt = Math.max(worker.heardAt, at);
    }
    this.#checkedAt = at;
  }

  /** Workers not heard of for `leaseMs` that still hold attempts. None of the silent ones gets another. */
  *silent(at: number, leaseMs: number): Iterable<Worker> {
    for (const worker of this.workers.values()) {
      // Nobody was heard in the future: where the clock was put back, leases would be as much longer.
      worker.heardAt = Math.min(worker.heardAt, at);
      if (at - worker.heardAt < leaseMs) continue;
      worker.silent = true;
      this.#refile(worker);
      if (worker.attempts.size > 0) yield worker;
    }
  }

  #hold({ study: id, trial, attempt }: AttemptName, state: State, at: number): void {
    const study = state.studies.get(id)!;
    const { worker: workerId, gpus } = study.trials[trial]!.attempts[attempt - 1]!;
    const worker = this.#get(workerId, at);
    const held = { study: id, trial, attempt, gpus, requires: study.spec.requires };
    worker.attempts.set(keyOf(held), held);
    worker.capacity.take(gpus, held.requires);
    this.#refile(worker);
  }

  #failed(worker: Worker, { study, trial, attempt, reason, at }: AttemptEnded, state: State): void {
    worker.attemptsFailed += 1;
    if (worker.conduct.failed(worker.id, { study, trial, attempt, reason }, state, at)) this.#quarantined.add(worker);
  }

  #leaveQuarantine(worker: Worker): void {
    this.#quarantined.delete(worker);
    this.#refile(worker);
    this.#forgetIfDone(worker);
  }

  #get(id: string, at: number): Worker {
    let worker = this.workers.get(id);
    if (worker === undefined) {
      worker = {
        profile: undefined,
        id,
        connected: false,
        draining: false,
        leaving: undefined,
        attachedAt: at,
        heardAt: at,
        silent: false,
        attempts: new Map(),
        attemptsDone: 0,
        attemptsFailed: 0,
        conduct: new Conduct(),
        kind: '',
        capacity: new Capacity({ slots: 0, gpus: [], memoryBytes: 0 }),
        gpuUse: [],
      };
      this.workers.set(id, worker);
    }
    return worker;
  }

  #refile(worker: Worker): void {
    const { connected, draining, silent, conduct, capacity } = worker;
    if (connected && !draining && !silent && conduct.quarantine === undefined && capacity.slots > 0)
      this.free.put(worker);
    else this.free.remove(worker);
  }

  /**
   * A worker that is gone and holds nothing is forgotten, or a long life would remember every worker there was. One in
   * quarantine is remembered until its time is over: a broken stream does not mend it.
   */
  #forgetIfDone(worker: Worker): void {
    const { connected, attempts, conduct } = worker;
    if (!connected && attempts.size === 0 && conduct.quarantine === undefined) this.workers.delete(worker.id);
  }
}

/** Everything that decides which studies a worker can run. */
function kindOf({ slots, labels, objectives, datasets, gpus, codeSources, memoryBytes }: WorkerProfile): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const shares = gpus.map((gpu) => gpu.slots);
  return JSON.stringify([slots, sorted, objectives, datasets, shares, codeSources, memoryBytes]);
}
