import { join } from 'node:path';
import { createFolder } from '../coordinator/state-directory.js';
import { errorCode } from './error-code.js';
import { FAILURE, UserError } from './fail.js';
import { type Member, startMember } from './fleet-member.js';

/** How long a coordinator may take to listen, milliseconds; a long log is replayed first. */
const START_MS = 120_000;
/**
 * Workers on the same machine are heard more often than those of a fleet, so that a trial whose process was killed is tried
 * again soon.
 */
const DEADLINES = ['--heartbeat', '5s', '--lease', '20s'];

/** The coordinator's name among its workers. */
export const COORDINATOR = 'the coordinator';

/** A coordinator and workers on this machine, each a process of its own, speaking gRPC like any other. */
export interface LocalFleet {
  /** The coordinator's address. */
  readonly address: string;
  /** Where its dashboard is now; undefined while it has none. */
  readonly dashboard: () => string | undefined;
  /** Aborted, with a `UserError` for its reason, when a process fails for good. */
  readonly failed: AbortSignal;
  /** The newest that happened to a process, for people; undefined while all is well. */
  readonly note: () => string | undefined;
  /** Starts a worker; `args` come after those that every worker of the fleet gets. */
  addWorker(name: string, args: readonly string[]): void;
  /** Kills a process without warning, {@link COORDINATOR} or a worker by name; it is started again. `why` is in the note. */
  strike(victim: string, why: string): void;
  /** Ends all processes in order: workers hand back what they run, then the coordinator stops. */
  close(): Promise<void>;
  /** Ends all processes at once. */
  kill(): void;
}

/**
 * Starts a coordinator of one's own on a free port. The processes write their logs to files in `state`, because the terminal
 * belongs to the view. A process that dies is started again: nothing is lost by it, and the search goes on.
 *
 * @param state the coordinator's folder
 * @throws {UserError} when the coordinator does not start
 */
export async function startLocalFleet(state: string): Promise<LocalFleet> {
  try {
    createFolder(state);
  } catch (cause) {
    throw new UserError(
      `state folder ${state} cannot be created (${errorCode(cause)}): name another with --state`,
      FAILURE,
      {
        cause,
      },
    );
  }
  const failure = new AbortController();
  const workers = new Map<string, Member>();
  let note: string | undefined;
  const watcher = {
    restarted: (words: string): void => {
      note = words;
    },
    failed: (error: UserError): void => failure.abort(error),
  };
  let address = '127.0.0.1:0';
  let dashboard: string | undefined;
  const coordinator = startMember(
    {
      name: COORDINATOR,
      logFile: join(state, 'coordinator.log'),
      // Started again, it takes the address that everybody knows by then.
      args: () => ['coordinator', '--listen', address, '--state', state, ...DEADLINES],
    },
    watcher,
  );
  // Started again, it may have found its port taken.
  coordinator.onMessage((message) => {
    if (isListening(message)) dashboard = message.dashboard && `http://${message.dashboard}`;
  });
  const kill = (): void => {
    for (const member of [...workers.values(), coordinator]) member.kill();
  };
  try {
    address = await listening(coordinator, failure.signal);
  } catch (error) {
    kill();
    throw error;
  }
  return {
    address,
    dashboard: () => dashboard,
    failed: failure.signal,
    note: () => note,
    addWorker: (name, args) => {
      const logFile = join(state, `${name}.log`);
      const words = ['worker', '--coordinator', address, '--name', name, ...args];
      workers.set(name, startMember({ name: `worker ${name}`, logFile, args: () => words }, watcher));
    },
    strike: (victim, why) => (victim === COORDINATOR ? coordinator : workers.get(victim)!).strike(why),
    close: async () => {
      await Promise.all([...workers.values()].map((worker) => worker.close()));
      await coordinator.close();
    },
    kill,
  };
}

/** The address that a coordinator tells once it listens. */
function listening(coordinator: Member, failed: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new UserError(`the coordinator does not listen after ${START_MS / 1000} s`, FAILURE));
    }, START_MS);
    const fail = (): void => {
      clearTimeout(late);
      reject(failed.reason);
    };
    failed.addEventListener('abort', fail, { once: true });
    coordinator.onMessage((message) => {
      if (!isListening(message)) return;
      clearTimeout(late);
      failed.removeEventListener('abort', fail);
      resolve(message.listening);
    });
  });
}

/** What a coordinator tells whoever forked it. */
interface Listening {
  readonly listening: string;
  readonly dashboard?: string;
}

function isListening(message: unknown): message is Listening {
  return typeof message === 'object' && message !== null && 'listening' in message;
}
