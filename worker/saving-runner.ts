import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { ArtifactClient } from '../proto/artifact-client.js';
import type { ArtifactFile, Assignment } from '../proto/index.js';
import type { SavedCheckpoint, SavedFiles } from './objectives/trial.js';
import {
  type AttemptEnd,
  type AttemptEvents,
  type AttemptRunner,
  NO_OUTPUT,
  type OutputEnd,
  type RunningAttempt,
} from './runner.js';

/** What an attempt made that is to be kept. */
export type MadeFiles =
  | SavedFiles
  | { readonly kind: 'output'; readonly step: 0; readonly files: ReadonlyMap<string, Uint8Array> };

/** What a running attempt tells before its files are uploaded. */
export interface LocalEvents extends Omit<AttemptEvents, 'saved'> {
  made(files: MadeFiles): void;
}

/** Runs attempts on this machine, with the checkpoint's files at hand. */
export interface LocalRunner {
  start(assignment: Assignment, events: LocalEvents, checkpoint?: SavedCheckpoint): RunningAttempt;
}

export interface SavingRunnerOptions {
  readonly runner: LocalRunner;
  readonly artifacts: Pick<ArtifactClient, 'upload' | 'download'>;
  readonly logger: Logger;
  /** How long the end of an attempt that was told to stop waits for its uploads, milliseconds. */
  readonly stopPatienceMs: number;
}

/**
 * Brings what attempts save to the coordinator, and checkpoints back to the attempts that go on from them. Its rules:
 *   U1  A file is named to the coordinator only after the coordinator has it.
 *   U2  An attempt's end is told after all its uploads, so that what it saved comes before its result.
 *   U3  An upload that cannot be had for good is left out, and the end says why; it never fails an attempt.
 *   U4  A checkpoint that is not uploaded yet makes way for a newer one.
 */
export function createSavingRunner(options: SavingRunnerOptions): AttemptRunner {
  return {
    start(assignment, events) {
      const attempt = new SavingAttempt(assignment, events, options);
      attempt.begin();
      return attempt;
    },
  };
}

class SavingAttempt implements RunningAttempt {
  readonly #assignment: Assignment;
  readonly #events: AttemptEvents;
  readonly #options: SavingRunnerOptions;
  readonly #logger: Logger;
  /** Aborted: nothing is uploaded or downloaded any more. */
  readonly #transfers = new AbortController();
  #run: RunningAttempt | undefined;
  #stopping = false;
  #killed = false;
  #waiting: MadeFiles[] = [];
  #uploading: Promise<void> | undefined;
  readonly #losses: string[] = [];
  #stopTimer: NodeJS.Timeout | undefined;

  constructor(assignment: Assignment, events: AttemptEvents, options: SavingRunnerOptions) {
    this.#assignment = assignment;
    this.#events = events;
    this.#options = options;
    this.#logger = options.logger.child({ ...assignment.attempt });
  }

  begin(): void {
    const { checkpoint } = this.#assignment;
    if (checkpoint === undefined) {
      this.#start(undefined);
      return;
    }
    const { step, files } = checkpoint;
    this.#fetch(files).then(
      (content) => this.#start({ step, files: content }),
      (error: unknown) => {
        // A training that begins again comes to the same: only its time is lost.
        if (!this.#transfers.signal.aborted) {
          this.#logger.warn({ err: error, step }, 'the checkpoint cannot be had: the attempt begins at the beginning');
        }
        this.#start(undefined);
      },
    );
  }

  stop(saveCheckpoint: boolean): void {
    if (this.#stopping || this.#killed) return;
    this.#stopping = true;
    if (this.#run === undefined) this.#transfers.abort();
    else this.#run.stop(saveCheckpoint);
  }

  kill(): void {
    this.#killed = true;
    clearTimeout(this.#stopTimer);
    this.#transfers.abort();
    this.#run?.kill();
  }

  output(): OutputEnd {
    return this.#run?.output() ?? NO_OUTPUT;
  }

  #start(checkpoint: SavedCheckpoint | undefined): void {
    if (this.#killed) return;
    if (this.#stopping) {
      this.#events.ended({ outcome: 'stopped', error: '' });
      return;
    }
    const events: LocalEvents = {
      started: (digest) => this.#events.started(digest),
      report: (step, metrics) => this.#events.report(step, metrics),
      made: (files) => this.#take(files),
      ended: (end) => this.#end(end),
    };
    this.#run = this.#options.runner.start(this.#assignment, events, checkpoint);
  }

  #take(files: MadeFiles): void {
    if (this.#killed) return;
    const older = files.kind === 'checkpoint' ? this.#waiting.findIndex(({ kind }) => kind === 'checkpoint') : -1;
    if (older >= 0) this.#waiting.splice(older, 1);
    this.#waiting.push(files);
    this.#uploading ??= this.#upload().finally(() => {
      this.#uploading = undefined;
    });
  }

  async #upload(): Promise<void> {
    for (let files = this.#waiting.shift(); files !== undefined; files = this.#waiting.shift()) {
      try {
        await this.#uploadAll(files);
      } catch (error) {
        if (this.#killed) return;
        const why = error instanceof Error ? error.message : String(error);
        this.#logger.warn({ err: error, kind: files.kind, step: files.step }, 'what the attempt saved is not kept');
        if (files.kind === 'weights') this.#losses.push(`its model is not kept: ${why}`);
      }
    }
  }

  async #uploadAll(made: MadeFiles): Promise<void> {
    const files: ArtifactFile[] = [];
    for (const [name, content] of made.files) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      const { signal } = this.#transfers;
      await this.#options.artifacts.upload(
        { sha256, bytes: content.length, read: () => once(content) },
        { patienceMs: Number.POSITIVE_INFINITY, signal },
      );
      files.push({ name, sha256, bytes: content.length });
    }
    if (this.#killed) return;
    const metrics = made.kind === 'weights' ? (made.metrics ?? {}) : {};
    this.#events.saved({ kind: made.kind, step: made.step, files, metrics });
  }

  async #fetch(files: readonly ArtifactFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const content = new Map<string, Uint8Array>();
    const options = { patienceMs: Number.POSITIVE_INFINITY, signal: this.#transfers.signal };
    for (const { name, sha256 } of files) {
      const pieces: Uint8Array[] = [];
      for await (const piece of this.#options.artifacts.download(sha256, options)) pieces.push(piece);
      content.set(name, Buffer.concat(pieces));
    }
    return content;
  }

  #end(end: AttemptEnd): void {
    if (this.#uploading === undefined) {
      this.#tell(end);
      return;
    }
    // Whoever waits for the end of an attempt that was told to stop may be about to leave.
    if (this.#stopping) this.#stopTimer = setTimeout(() => this.#transfers.abort(), this.#options.stopPatienceMs);
    void this.#uploading.then(() => {
      clearTimeout(this.#stopTimer);
      this.#tell(end);
    });
  }

  #tell(end: AttemptEnd): void {
    if (this.#killed) return;
    const words = [end.error, ...this.#losses].filter((text) => text !== '');
    this.#events.ended({ ...end, error: words.join('; ') });
  }
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}
