import type { Event } from './events.js';
import type { State } from './state.js';

/** A GPU of a worker, or a part of one that counts as one. */
export interface Gpu {
  /** What `CUDA_VISIBLE_DEVICES` calls it. */
  readonly id: string;
  readonly name: string;
  /** 0 when unknown. */
  readonly memoryBytes: number;
  readonly driver: string;
  /** How many attempts share it. */
  readonly slots: number;
}

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
  readonly objectives: readonly string[];
  readonly datasets: readonly string[];
  /** Where there are any, `slots` is the sum of theirs. */
  readonly gpus: readonly Gpu[];
  /** How a study's own code may come to it: `upload`, `git`. */
  readonly codeSources: readonly string[];
}

/** One attempt, by name. */
export interface AttemptName {
  readonly study: string;
  readonly trial: number;
  readonly attempt: number;
}

/** A worker as the coordinator knows it now. Not in the log: a restarted coordinator learns it anew. */
export interface Worker {
  /** Absent for a worker that the log names and that has not come back since the restart. */
  profile: WorkerProfile | undefined;
  readonly id: string;
  connected: boolean;
  draining: boolean;
  attachedAt: number;
  /** When it was last heard of; its attempts' leases run from here. */
  heardAt: number;
  readonly attempts: Map<string, AttemptName>;
  attemptsDone: number;
  /** As it last said. */
  gpuUse: readonly GpuUse[];
}

/**
 * The workers and the attempts they hold, kept in step with the log by {@link Fleet.follow}. A lease is not a record of
 * its own: all attempts of a worker live as long as the worker is heard of.
 */
export class Fleet {
  readonly workers: Map<string, Worker> = new Map();
  /** Workers that may take an attempt now: connected, not draining, with a free slot. */
  readonly free: Set<Worker> = new Set();
  #checkedAt: number | undefined;

  /** Every worker that holds an attempt after a replay gets a fresh full lease from `at` on. */
  restore(state: State, at: number): void {
    for (const study of state.studies.values()) {
      for (const number of study.running) {
        const trial = study.trials[number]!;
        const attempt = trial.attempts.at(-1)!;
        const name = { study: study.id, trial: number, attempt: attempt.number };
        this.#get(attempt.worker, at).attempts.set(keyOf(name), name);
      }
    }
  }

  attach(profile: WorkerProfile, at: number): Worker {
    const worker = this.#get(profile.id, at);
    worker.profile = profile;
    worker.connected = true;
    worker.draining = false;
    worker.attachedAt = at;
    worker.heardAt = at;
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

  drain(id: string): void {
    const worker = this.workers.get(id);
    if (worker === undefined) return;
    worker.draining = true;
    this.#refile(worker);
  }

  heard(id: string, at: number): Worker | undefined {
    const worker = this.workers.get(id);
    if (worker !== undefined) worker.heardAt = at;
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
      case 'AttemptStarted': {
        const worker = this.#get(event.worker, event.at);
        worker.attempts.set(keyOf(event), { study: event.study, trial: event.trial, attempt: event.attempt });
        this.#refile(worker);
        break;
      }
      case 'AttemptResumed': {
        const worker = this.#get(holder(event, state), event.at);
        worker.attempts.set(keyOf(event), { study: event.study, trial: event.trial, attempt: event.attempt });
        this.#refile(worker);
        break;
      }
      case 'AttemptEnded': {
        const worker = this.workers.get(holder(event, state));
        if (worker === undefined) break;
        worker.attempts.delete(keyOf(event));
        worker.attemptsDone += 1;
        this.#refile(worker);
        this.#forgetIfDone(worker);
        break;
      }
      default:
        break;
    }
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

  /** Workers not heard of for `leaseMs` that still hold attempts. */
  *silent(at: number, leaseMs: number): Iterable<Worker> {
    for (const worker of this.workers.values()) {
      if (worker.attempts.size > 0 && at - worker.heardAt >= leaseMs) yield worker;
    }
  }

  #get(id: string, at: number): Worker {
    let worker = this.workers.get(id);
    if (worker === undefined) {
      worker = {
        profile: undefined,
        id,
        connected: false,
        draining: false,
        attachedAt: at,
        heardAt: at,
        attempts: new Map(),
        attemptsDone: 0,
        gpuUse: [],
      };
      this.workers.set(id, worker);
    }
    return worker;
  }

  #refile(worker: Worker): void {
    const slots = worker.profile?.slots ?? 0;
    if (worker.connected && !worker.draining && worker.attempts.size < slots) this.free.add(worker);
    else this.free.delete(worker);
  }

  /** A worker that is gone and holds nothing is forgotten, or a long life would remember every worker there was. */
  #forgetIfDone(worker: Worker): void {
    if (!worker.connected && worker.attempts.size === 0) this.workers.delete(worker.id);
  }
}

/** One string per attempt. */
export function keyOf({ study, trial, attempt }: AttemptName): string {
  return `${study}/${trial}/${attempt}`;
}

function holder({ study, trial, attempt }: AttemptName, state: State): string {
  return state.studies.get(study)!.trials[trial]!.attempts[attempt - 1]!.worker;
}
