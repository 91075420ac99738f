import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { FromChild, Readiness, ToChild } from './child-messages.js';
import { LastWords } from './last-words.js';
import { baseEnvironment } from './process/environment.js';
import { LIFELINE_FD, STOPS } from './process/lifeline.js';
import { Output } from './process/output.js';
import { killGroup, killMarked, MARK } from './process/processes.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to its standard error, in one line; may be empty. */
  readonly lastWords: string;
}

export interface ProcessOptions {
  /** The module to run. */
  readonly path: string;
  /** What to load ahead of the attempt, on what. */
  readonly objective: string;
  readonly backend: string;
  readonly gpus: readonly string[];
  /** Variables of its slot. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called once it has loaded, or failed to. */
  readonly onReady: (readiness: Readiness) => void;
}

/** How long streams that something else holds open may delay the end of a process that is gone, milliseconds. */
const LINGER_MS = 1_000;

/** The process of one attempt, from the worker's side: a spare until it is given its job. */
export class AttemptProcess {
  /** What came of loading; undefined while it loads. */
  readiness: Readiness | undefined;
  /** Resolves when the process is gone and everything it said has been heard. */
  readonly gone: Promise<Exit>;
  /** Gets what the process says after `ready`. */
  onMessage: (message: Exclude<FromChild, { type: 'ready' }>) => void = () => {};
  /** Called whenever the process, or what it has started, has printed something. */
  onOutput: () => void = () => {};
  /** What was printed, on both streams. */
  readonly output: Output = new Output();
  readonly #process: ChildProcess;
  readonly #mark: string = randomUUID();
  /** Whether its attempt may start processes of its own, which then have to be looked for. */
  #maySpawn = false;

  /** The GPUs that its engine has been loaded for, in one word. */
  readonly gpus: string;

  constructor({ path, objective, backend, gpus, environment, onReady }: ProcessOptions) {
    this.gpus = gpus.join(',');
    // A process group of its own: Ctrl-C in the worker's terminal reaches the worker alone, and killing the group takes
    // along whatever the attempt has started.
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'] as const;
    const env = { ...baseEnvironment(process.env), ...environment, [MARK]: this.#mark };
    this.#process = fork(path, { stdio: [...stdio], serialization: 'advanced', detached: true, execArgv: [], env });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output.add(chunk);
        this.onOutput();
      });
    }
    this.#lifeline?.on('error', () => {});
    this.gone = ending(this.#process);
    this.#process.once('exit', () => this.#reap());
    this.#process.on('message', (message: FromChild) => {
      if (message.type === 'ready') {
        this.readiness = message;
        onReady(message);
      } else this.onMessage(message);
    });
    this.send({ type: 'load', objective, backend });
  }

  /** What is said to a process that is gone is lost; its end says what there is to know. */
  send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** The process group that it leads; undefined when it could not be started. */
  get group(): number | undefined {
    return this.#process.pid;
  }

  /** To be said before it runs what is not ours. */
  willSpawn(): void {
    this.#maySpawn = true;
  }

  /** Asks the attempt to stop, on both lines: it may be in a loop. */
  stop(saveCheckpoint: boolean): void {
    this.send({ type: 'stop', saveCheckpoint });
    this.#lifeline?.write(saveCheckpoint ? STOPS.save : STOPS.stop, () => {});
  }

  /** Whether it runs, as far as is known: what it has said may still have to be heard when it does not. */
  get alive(): boolean {
    const { pid, exitCode, signalCode } = this.#process;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  kill(): void {
    if (!this.alive) return;
    // No such group: it is gone, or it is so young that it has no group yet.
    if (!killGroup(this.#process.pid!)) this.#process.kill('SIGKILL');
  }

  get #lifeline(): Writable | undefined {
    return this.#process.stdio[LIFELINE_FD] as Writable | undefined;
  }

  /** Nothing that it has started outlives it. */
  #reap(): void {
    const { pid } = this.#process;
    if (pid !== undefined) killGroup(pid);
    if (this.#maySpawn) killMarked(this.#mark);
  }
}

function ending(child: ChildProcess): Promise<Exit> {
  const lastWords = new LastWords();
  child.stderr?.on('data', (chunk: Buffer) => lastWords.hear(chunk));
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void =>
      resolve({ code, signal, lastWords: lastWords.inOneLine() });
    child.once('close', end);
    // Something that the attempt has started may hold its standard error open.
    child.once('exit', (code, signal) => void setTimeout(() => end(code, signal), LINGER_MS).unref());
    child.once('error', (error) => {
      lastWords.hear(Buffer.from(error.message));
      if (child.pid === undefined) end(null, null);
    });
  });
}

/** Why a process is gone that did not say so itself, in one line. */
export function causeOfDeath({ code, signal, lastWords }: Exit): string {
  const how = signal === null ? `the process exited with code ${code}` : `the process was killed by ${signal}`;
  if (code === null && signal === null) return `the process could not be started: ${lastWords}`;
  if (lastWords !== '') return `${how}: ${lastWords}`;
  return signal === 'SIGKILL' ? `${how}, by someone or because memory ran out` : how;
}
