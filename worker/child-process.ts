import { type ChildProcess, fork } from 'node:child_process';
import type { FromChild, Readiness, ToChild } from './child-messages.js';
import { LastWords } from './last-words.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to its standard error, in one line; may be empty. */
  readonly lastWords: string;
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
  readonly #process: ChildProcess;

  /**
   * @param path    the module to run
   * @param onReady called once it has loaded, or failed to
   */
  constructor(path: string, objective: string, backend: string, onReady: (readiness: Readiness) => void) {
    // A process group of its own: Ctrl-C in the worker's terminal reaches the worker alone, and killing the group takes
    // along whatever the attempt has started.
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
    this.#process = fork(path, { stdio: [...stdio], serialization: 'advanced', detached: true, execArgv: [] });
    this.gone = ending(this.#process);
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

  kill(): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // No such group: it is gone, or it is so young that it has no group yet.
      this.#process.kill('SIGKILL');
    }
  }
}

function ending(child: ChildProcess): Promise<Exit> {
  const lastWords = new LastWords();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => lastWords.hear(text));
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void =>
      resolve({ code, signal, lastWords: lastWords.inOneLine() });
    child.once('close', end);
    // Something that the attempt has started may hold its standard error open.
    child.once('exit', (code, signal) => void setTimeout(() => end(code, signal), LINGER_MS).unref());
    child.once('error', (error) => {
      lastWords.hear(error.message);
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
