import type { Assignment } from '../proto/index.js';
import type { FromChild } from './child-messages.js';
import { type AttemptProcess, causeOfDeath, type Exit } from './child-process.js';
import type { DataPlaces } from './data-places.js';
import { formatDuration } from './duration.js';
import { AttemptRefusedError } from './errors.js';
import type { SavedCheckpoint } from './objectives/trial.js';
import type { OwnCode, Prepared } from './own-code/prepare.js';
import { Redactor } from './own-code/redactor.js';
import type { Guarded, MemoryGuard } from './process/memory-guard.js';
import type { Output } from './process/output.js';
import { type AttemptEnd, NO_OUTPUT, type OutputEnd, type RunningAttempt } from './runner.js';
import type { LocalEvents } from './saving-runner.js';
import { formatSize } from './size.js';

export interface SlotAttemptOptions {
  readonly backend: string;
  readonly data: DataPlaces;
  readonly checkpoint: SavedCheckpoint | undefined;
  /** How long it may take to stop before it is killed, milliseconds. */
  readonly stopGraceMs: number;
  /** Called with what it has to say while something takes long. */
  readonly onNote: (note: string) => void;
  /** Most that it may print when its assignment does not say. */
  readonly outputLimitBytes: number;
  /** Gets a study's own code ready. */
  readonly ownCode: OwnCode;
  readonly memory: MemoryGuard;
  /** Called when it ends before it began. */
  readonly leaveQueue: () => void;
}

/** For assignments of a coordinator that does not say: the last report counts. */
const NO_METRIC = { name: '', maximize: true, best: false };

/** Longest delay that a timer takes, milliseconds. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** One attempt that waits for a slot or runs in a process. */
export class SlotAttempt implements RunningAttempt {
  readonly assignment: Assignment;
  /** Resolves when it has ended and nothing of it is left on the disk. */
  readonly cleared: Promise<void>;
  readonly #events: LocalEvents;
  readonly #options: SlotAttemptOptions;
  readonly #clear: () => void;
  #process: AttemptProcess | undefined;
  /** What the process, or the clock, said about its end. */
  #end: AttemptEnd | undefined;
  /** Whether what it printed last belongs to its end. */
  #seeOutput = false;
  #stopping = false;
  #silent = false;
  #graceTimer: NodeJS.Timeout | undefined;
  #limitTimer: NodeJS.Timeout | undefined;
  #guarded: Guarded | undefined;
  /** Aborted: what is being prepared is not needed any more. */
  readonly #over = new AbortController();
  #preparing: Promise<Prepared | undefined> | undefined;
  /** Cuts out of everything that is told what nobody but the attempt is to know. */
  #redactor: Redactor = new Redactor([]);

  constructor(assignment: Assignment, events: LocalEvents, options: SlotAttemptOptions) {
    this.assignment = assignment;
    this.#events = events;
    this.#options = options;
    const { promise, resolve } = deferred();
    this.cleared = promise;
    this.#clear = resolve;
  }

  /** Hands the attempt to its process. @param environment variables of its slot */
  begin(child: AttemptProcess, environment: Readonly<Record<string, string>>): void {
    this.#process = child;
    child.onMessage = (message) => this.#hear(message);
    child.onOutput = () => this.#checkOutput(child);
    void child.gone.then((exit) => this.#gone(exit));
    const { objective, memoryLimitBytes, timeLimitMs } = this.assignment;
    if (memoryLimitBytes > 0) this.#guardMemory(child, memoryLimitBytes);
    if (timeLimitMs > 0) this.#armLimit(timeLimitMs);
    if (objective !== 'module' && objective !== 'command') {
      this.#run(child, environment);
      return;
    }
    child.willSpawn();
    this.#preparing = this.#options.ownCode.prepare(this.assignment, this.#over.signal).then(
      (prepared) => {
        this.#redactor = new Redactor(prepared.secrets);
        if (this.#end === undefined && !this.#silent) this.#run(child, environment, prepared);
        return prepared;
      },
      (error: unknown) => {
        const outcome = error instanceof AttemptRefusedError ? 'refused' : 'failed';
        if (this.#end === undefined)
          this.#endWith({ outcome, error: error instanceof Error ? error.message : String(error) });
        return undefined;
      },
    );
  }

  stop(saveCheckpoint: boolean): void {
    if (this.#stopping || this.#silent) return;
    this.#stopping = true;
    this.#over.abort();
    if (this.#process === undefined) {
      this.#options.leaveQueue();
      this.#silent = true;
      this.#clear();
      this.#events.ended({ outcome: 'stopped', error: '' });
      return;
    }
    this.#process.stop(saveCheckpoint);
    this.#graceTimer = setTimeout(() => this.#process?.kill(), this.#options.stopGraceMs);
  }

  kill(): void {
    this.#silent = true;
    this.#over.abort();
    this.#options.leaveQueue();
    if (this.#process === undefined) this.#clear();
    else this.#process.kill();
  }

  output(): OutputEnd {
    const output = this.#process?.output;
    return output === undefined ? NO_OUTPUT : { totalBytes: output.totalBytes, data: this.#printed(output) };
  }

  /** The end of what it has printed, as others may see it. */
  #printed(output: Output): Buffer {
    const end = output.end();
    return this.#redactor.bytes(end, output.totalBytes > end.length);
  }

  #run(child: AttemptProcess, environment: Readonly<Record<string, string>>, prepared?: Prepared): void {
    const { objective, configJson, paramsJson, seed, datasetDigest } = this.assignment;
    const { checkpointEvery, saveWeights, metric } = this.assignment;
    const { backend, data, checkpoint } = this.#options;
    child.send({
      type: 'run',
      objective,
      backend,
      configJson,
      paramsJson,
      seed,
      expectedDigest: datasetDigest,
      data,
      environment: { ...environment, ...prepared?.environment },
      place: prepared?.place,
      checkpoint,
      saving: { checkpointEvery, weights: saveWeights, metric: metric ?? NO_METRIC },
    });
  }

  #hear(message: Exclude<FromChild, { type: 'ready' }>): void {
    if (this.#silent || this.#end !== undefined) return;
    switch (message.type) {
      case 'started':
        this.#events.started(message.datasetDigest);
        break;
      case 'report':
        this.#events.report(message.step, this.#named(message.metrics));
        break;
      case 'save': {
        const { type: _, ...files } = message;
        this.#events.made(files.metrics === undefined ? files : { ...files, metrics: this.#named(files.metrics) });
        break;
      }
      case 'note':
        this.#options.onNote(this.#redactor.text(message.note));
        break;
      case 'ended':
        this.#seeOutput = message.seeOutput === true;
        this.#endWith({ outcome: message.outcome, error: message.error });
        break;
    }
  }

  /** Metrics whose names hold no secret. */
  #named(metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
    if (this.#redactor.empty) return metrics;
    return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [this.#redactor.text(name), value]));
  }

  /** Everything is said: the process need not take its time to end. */
  #endWith(end: AttemptEnd): void {
    this.#end = end;
    this.#over.abort();
    this.#process?.kill();
  }

  #fail(error: string, outcome: 'failed' | 'timed_out' = 'failed'): void {
    if (this.#end === undefined && !this.#silent) this.#endWith({ outcome, error });
  }

  #checkOutput(child: AttemptProcess): void {
    const limitBytes = this.assignment.outputLimitBytes || this.#options.outputLimitBytes;
    if (child.output.totalBytes > limitBytes) this.#fail(`output limit of ${formatSize(limitBytes)} reached`);
  }

  #guardMemory(child: AttemptProcess, limitBytes: number): void {
    if (child.group === undefined) return;
    const exceeded = (bytes: number): void =>
      this.#fail(`memory limit of ${formatSize(limitBytes)} reached: its processes took ${formatSize(bytes)}`);
    this.#guarded = { group: child.group, limitBytes, exceeded };
    this.#options.memory.add(this.#guarded);
  }

  /** The time runs from when the process has the attempt, which may still load its engine. */
  #armLimit(leftMs: number): void {
    const delayMs = Math.min(leftMs, LONGEST_TIMER_MS);
    this.#limitTimer = setTimeout(() => {
      if (leftMs > delayMs) this.#armLimit(leftMs - delayMs);
      else this.#fail(`time limit of ${formatDuration(this.assignment.timeLimitMs)} reached`, 'timed_out');
    }, delayMs);
  }

  #gone(exit: Exit): void {
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#limitTimer);
    if (this.#guarded !== undefined) this.#options.memory.remove(this.#guarded);
    this.#over.abort();
    void this.#dispose();
    if (this.#silent) return;
    this.#silent = true;
    const { output } = this.#process!;
    if (output.totalBytes > 0) {
      this.#events.made({ kind: 'output', step: 0, files: new Map([['output.txt', this.#printed(output)]]) });
    }
    const { outcome, error } = this.#finalEnd(exit);
    this.#events.ended({ outcome, error: this.#redactor.text(error, true) });
  }

  #finalEnd(exit: Exit): AttemptEnd {
    const end = this.#end;
    if (end === undefined) {
      return this.#stopping ? { outcome: 'stopped', error: '' } : { outcome: 'failed', error: causeOfDeath(exit) };
    }
    if (!this.#seeOutput || exit.lastWords === '') return end;
    return { ...end, error: `${end.error}: ${exit.lastWords}` };
  }

  async #dispose(): Promise<void> {
    const prepared = await this.#preparing;
    await prepared?.dispose();
    this.#clear();
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
