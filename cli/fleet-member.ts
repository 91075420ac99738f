import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withoutAccessVariables } from './access-options.js';
import { BAD_INPUT, FAILURE, UserError } from './fail.js';
import { lastTroubles } from './fleet-log.js';

/** How long a process may take to put itself in order before it is killed, milliseconds. */
const GRACE_MS = 12_000;
/** A process that ends by itself sooner than this would do so again. */
const TOO_SOON_MS = 10_000;
const MOST_RESTARTS = 10;
const RESTART_PAUSE_MS = 500;

/** What a process of a fleet is started with. */
export interface MemberPlan {
  /** As it stands in messages: "the coordinator", "worker demo-1". */
  readonly name: string;
  /** Its standard output and error are appended here. */
  readonly logFile: string;
  /** The command line; asked for again at each start. */
  readonly args: () => readonly string[];
  /** The program to fork; this one, where it is not said. */
  readonly main?: string;
}

/** Is told what happens to a process. */
export interface MemberWatcher {
  restarted(words: string): void;
  /** It has ended in a way that starting it again would not mend. */
  failed(error: UserError): void;
}

/** A process of a fleet, kept running. */
export interface Member {
  onMessage(listener: (message: unknown) => void): void;
  /** Lets it end in order; kills it when that takes too long. */
  close(): Promise<void>;
  /** Kills it without warning, as a fault would; it is started again, and `why` is said with it. */
  strike(why: string): void;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Forks this program and keeps it running. The process is kept out of the terminal's process group, so that Ctrl-C reaches
 * only this one, which then ends the others in order; when this process is killed, their channel breaks and they end by
 * themselves.
 */
export function startMember(plan: MemberPlan, watcher: MemberWatcher): Member {
  const listeners: ((message: unknown) => void)[] = [];
  let closing = false;
  let restarts = 0;
  let struck = '';
  let pause: NodeJS.Timeout | undefined;
  let child: ChildProcess;
  let ended: Promise<void>;

  const start = (): void => {
    const startedAt = Date.now();
    child = forkInto(plan);
    child.on('message', (message) => {
      for (const listener of listeners) listener(message);
    });
    ended = endOf(child).then((end) => {
      if (closing) return;
      const forGood = !end.killed && Date.now() - startedAt < TOO_SOON_MS;
      if (forGood || restarts >= MOST_RESTARTS) return watcher.failed(explain(plan, end));
      restarts++;
      watcher.restarted(`${struck}${plan.name} ended (${end.words}) and was started again; nothing is lost`);
      struck = '';
      pause = setTimeout(start, RESTART_PAUSE_MS);
    });
  };
  const stopRestarting = (): void => {
    closing = true;
    clearTimeout(pause);
  };
  start();
  return {
    onMessage: (listener) => void listeners.push(listener),
    close: async () => {
      stopRestarting();
      if (child.connected) child.disconnect();
      const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(killer);
    },
    strike: (why) => {
      struck = `${why}: `;
      child.kill('SIGKILL');
    },
    kill: () => {
      stopRestarting();
      child.kill('SIGKILL');
    },
  };
}

function forkInto({ args, logFile, main }: MemberPlan): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    const program = main ?? fileURLToPath(new URL('./main.js', import.meta.url));
    const words = [...args(), '--exit-with-parent'];
    const env = withoutAccessVariables(process.env);
    return fork(program, words, { env, stdio: ['ignore', log, log, 'ipc'], detached: true, execArgv: [] });
  } finally {
    closeSync(log);
  }
}

interface End {
  /** True when a signal ended it. */
  readonly killed: boolean;
  /** Undefined when it has none. */
  readonly code: number | undefined;
  readonly words: string;
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ killed: false, code: undefined, words: error.message }));
    child.once('exit', (code, signal) =>
      resolve({
        killed: signal !== null,
        code: code ?? undefined,
        words: signal === null ? `exit code ${code}` : `killed by ${signal}`,
      }),
    );
  });
}

function explain({ name, logFile }: MemberPlan, end: End): UserError {
  const troubles = lastTroubles(logFile, 5);
  const last = troubles.at(-1);
  // A process that knows what is wrong has said so in its last line; otherwise the log's end is the best there is.
  if (last?.startsWith('assay: ') === true) {
    // What it was started with is what was typed here.
    const exitCode = end.code === BAD_INPUT ? BAD_INPUT : FAILURE;
    return new UserError(`${name}: ${last.slice('assay: '.length)}`, exitCode);
  }
  const words = troubles.map((line) => `\n  ${line}`).join('');
  return new UserError(`${name} ended unexpectedly (${end.words}); its log is ${logFile}${words}`, FAILURE);
}
