import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Assignment } from '../proto/index.js';
import type { Readiness } from './child-messages.js';
import { AttemptProcess, causeOfDeath } from './child-process.js';
import type { DataPlaces } from './data-places.js';
import { WorkerError } from './errors.js';
import type { Resources } from './gpu/resources.js';
import type { SavedCheckpoint } from './objectives/trial.js';
import type { OwnCode } from './own-code/prepare.js';
import { MemoryGuard } from './process/memory-guard.js';
import type { RunningAttempt } from './runner.js';
import type { LocalEvents, LocalRunner } from './saving-runner.js';
import { SlotAttempt } from './slot-attempt.js';

export interface SlotsOptions {
  /** How many attempts run at a time. */
  readonly slots: number;
  /** The training backend, or `auto`. */
  readonly backend: string;
  readonly data: DataPlaces;
  /** How long an attempt that was told to stop may take before it is killed, milliseconds. */
  readonly stopGraceMs: number;
  /** Most that an attempt may print when its assignment does not say. */
  readonly outputLimitBytes: number;
  /** Gets the code of attempts ready that run a study's own. */
  readonly ownCode: OwnCode;
  /** GPUs and cores, as far as attempts share them. */
  readonly resources: Resources;
  readonly logger: Logger;
  /** The module that an attempt's process runs. */
  readonly childPath?: string | undefined;
}

/** Runs every attempt in a process of its own, so many at a time. Attempts beyond that wait for the next free slot. */
export interface Slots extends LocalRunner {
  /**
   * Gets a first spare process ready and says which backend it found. To be called once, before any attempt.
   *
   * @throws {WorkerError} when no process can be started
   */
  probe(): Promise<Readiness>;
  /** Kills all attempts and all processes at once, and resolves when they are gone. */
  close(): Promise<void>;
}

export function createSlots(options: SlotsOptions): Slots {
  return new ChildSlots(options);
}

const CHILD_PATH = fileURLToPath(new URL('./child.js', import.meta.url));

/**
 * Each slot keeps one spare process whose engine is loaded, because loading takes longer than many an epoch. Its rules:
 *   S1  No process runs two attempts.
 *   S2  At most `slots` processes run attempts; a slot is free again when its process is gone.
 *   S3  At most `slots` processes are spares, and one at a time is being loaded ahead of need: loading takes the processor
 *       from those that train.
 */
class ChildSlots implements Slots {
  readonly #options: SlotsOptions;
  readonly #logger: Logger;
  readonly #processes = new Set<AttemptProcess>();
  readonly #busy = new Map<AttemptProcess, SlotAttempt>();
  readonly #spares = new Set<AttemptProcess>();
  readonly #waiting = new Set<SlotAttempt>();
  /** Attempts that ended and whose folders are being taken away. */
  readonly #clearing = new Set<Promise<void>>();
  readonly #memory = new MemoryGuard();
  /** What the next spare gets ready for: what the last attempt needed. */
  #objective = 'train';
  #backend: string;
  #closed = false;

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#backend = options.backend;
  }

  probe(): Promise<Readiness> {
    return new Promise((resolve, reject) => {
      const spare = this.#fork(this.#nextGpus(), (readiness) => {
        // Later processes need not look again, and all attempts compute on the same backend.
        if (readiness.ok) this.#backend = readiness.backend;
        resolve(readiness);
      });
      this.#spares.add(spare);
      void spare.gone.then((exit) => reject(new WorkerError(`no attempt can run here: ${causeOfDeath(exit)}`)));
    });
  }

  start(assignment: Assignment, events: LocalEvents, checkpoint?: SavedCheckpoint): RunningAttempt {
    const attempt = new SlotAttempt(assignment, events, {
      backend: this.#backend,
      data: this.#options.data,
      checkpoint,
      stopGraceMs: this.#options.stopGraceMs,
      onNote: (note) => this.#logger.info({ ...assignment.attempt, note }, 'attempt prepares its data'),
      outputLimitBytes: this.#options.outputLimitBytes,
      ownCode: this.#options.ownCode,
      memory: this.#memory,
      leaveQueue: () => this.#waiting.delete(attempt),
    });
    this.#objective = assignment.objective;
    this.#waiting.add(attempt);
    this.#fill();
    return attempt;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    for (const attempt of this.#busy.values()) attempt.kill();
    const all = [...this.#processes];
    for (const each of all) each.kill();
    await Promise.all(all.map(({ gone }) => gone));
    await Promise.all(this.#clearing);
  }

  /** Gives free slots to the attempts that wait, then gets spares ready. */
  #fill(): void {
    if (this.#closed) return;
    for (const attempt of this.#waiting) {
      if (this.#busy.size >= this.#options.slots) break;
      this.#waiting.delete(attempt);
      const gpus = this.#options.resources.take(attempt.assignment);
      const child = this.#takeSpare(gpus);
      this.#busy.set(child, attempt);
      void child.gone.then(() => this.#options.resources.free(gpus));
      const clearing = attempt.cleared.finally(() => this.#clearing.delete(clearing));
      this.#clearing.add(clearing);
      attempt.begin(child, this.#options.resources.environment(gpus));
    }
    this.#loadSpare();
  }

  /** One that is ready, or else one that loads, or else a new one. An engine has been loaded for certain GPUs. */
  #takeSpare(gpus: readonly string[]): AttemptProcess {
    const key = gpus.join(',');
    const fitting = [...this.#spares].filter((spare) => spare.gpus === key && spare.alive);
    const ready = fitting.find(({ readiness }) => readiness !== undefined);
    const spare = ready ?? fitting[0] ?? this.#fork(gpus);
    this.#spares.delete(spare);
    return spare;
  }

  #loadSpare(): void {
    if (this.#closed || this.#spares.size >= this.#options.slots) return;
    for (const { readiness } of this.#spares) if (readiness === undefined) return;
    this.#spares.add(this.#fork(this.#nextGpus()));
  }

  /** What the next attempt will most likely be given. */
  #nextGpus(): readonly string[] {
    return this.#options.resources.next();
  }

  #fork(gpus: readonly string[], onReady: (readiness: Readiness) => void = () => {}): AttemptProcess {
    const { childPath = CHILD_PATH, resources } = this.#options;
    const child = new AttemptProcess({
      path: childPath,
      objective: this.#objective,
      backend: this.#backend,
      gpus,
      environment: resources.environment(gpus),
      onReady: (readiness) => {
        onReady(readiness);
        this.#loadSpare();
      },
    });
    this.#processes.add(child);
    void child.gone.then(({ code, signal, lastWords }) => {
      this.#processes.delete(child);
      if (this.#spares.delete(child)) {
        // No new spare for it now: one that dies at once would be followed by the next, for ever.
        if (!this.#closed) this.#logger.warn({ code, signal, lastWords }, 'a spare process ended');
      } else if (this.#busy.delete(child)) this.#fill();
    });
    return child;
  }
}
