import type { Assignment } from '../proto/index.js';
import { type AttemptProcess, causeOfDeath, type Exit } from './child-process.js';
import type { DataPlaces } from './data-places.js';
import { formatDuration } from './duration.js';
import type { AttemptEnd, AttemptEvents, RunningAttempt } from './runner.js';

export interface SlotAttemptOptions {
  readonly backend: string;
  readonly data: DataPlaces;
  /** How long it may take to stop before it is killed, milliseconds. */
  readonly stopGraceMs: number;
  /** Called with what it has to say while something takes long. */
  readonly onNote: (note: string) => void;
  /** Called when it ends before it began. */
  readonly leaveQueue: () => void;
}

/** Longest delay that a timer takes, milliseconds. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** One attempt that waits for a slot or runs in a process. */
export class SlotAttempt implements RunningAttempt {
  readonly #assignment: Assignment;
  readonly #events: AttemptEvents;
  readonly #options: SlotAttemptOptions;
  #process: AttemptProcess | undefined;
  /** What the process, or the clock, said about its end. */
  #end: AttemptEnd | undefined;
  #stopping = false;
  #silent = false;
  #graceTimer: NodeJS.Timeout | undefined;
  #limitTimer: NodeJS.Timeout | undefined;

  constructor(assignment: Assignment, events: AttemptEvents, options: SlotAttemptOptions) {
    this.#assignment = assignment;
    this.#events = events;
    this.#options = options;
  }

  /** Hands the attempt to its process. */
  begin(child: AttemptProcess): void {
    this.#process = child;
    child.onMessage = (message) => {
      if (this.#silent || this.#end !== undefined) return;
      switch (message.type) {
        case 'started':
          this.#events.started(message.datasetDigest);
          break;
        case 'report':
          this.#events.report(message.step, message.metrics);
          break;
        case 'note':
          this.#options.onNote(message.note);
          break;
        case 'ended':
          this.#endWith({ outcome: message.outcome, error: message.error });
          break;
      }
    };
    void child.gone.then((exit) => this.#gone(exit));
    const { objective, configJson, paramsJson, seed, datasetDigest, timeLimitMs } = this.#assignment;
    const { backend, data } = this.#options;
    child.send({
      type: 'run',
      objective,
      backend,
      configJson,
      paramsJson,
      seed,
      expectedDigest: datasetDigest,
      data,
    });
    if (timeLimitMs > 0) this.#armLimit(timeLimitMs);
  }

  stop(): void {
    if (this.#stopping || this.#silent) return;
    this.#stopping = true;
    if (this.#process === undefined) {
      this.#options.leaveQueue();
      this.#silent = true;
      this.#events.ended({ outcome: 'stopped', error: '' });
      return;
    }
    this.#process.send({ type: 'stop' });
    this.#graceTimer = setTimeout(() => this.#process?.kill(), this.#options.stopGraceMs);
  }

  kill(): void {
    this.#silent = true;
    this.#options.leaveQueue();
    this.#process?.kill();
  }

  /** Everything is said: the process need not take its time to end. */
  #endWith(end: AttemptEnd): void {
    this.#end = end;
    this.#process?.kill();
  }

  /** The time runs from when the process has the attempt, which may still load its engine. */
  #armLimit(leftMs: number): void {
    const delayMs = Math.min(leftMs, LONGEST_TIMER_MS);
    this.#limitTimer = setTimeout(() => {
      if (leftMs > delayMs) this.#armLimit(leftMs - delayMs);
      else if (this.#end === undefined) this.#endWith({ outcome: 'failed', error: this.#limitReached() });
    }, delayMs);
  }

  #limitReached(): string {
    return `time limit of ${formatDuration(this.#assignment.timeLimitMs)} reached`;
  }

  #gone(exit: Exit): void {
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#limitTimer);
    if (this.#silent) return;
    this.#silent = true;
    const wordless: AttemptEnd = this.#stopping
      ? { outcome: 'stopped', error: '' }
      : { outcome: 'failed', error: causeOfDeath(exit) };
    this.#events.ended(this.#end ?? wordless);
  }
}
