import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAILURE, UserError } from './fail.js';

/** How long a process may take to put itself in order before it is killed, milliseconds. */
const GRACE_MS = 12_000;
/**
 * Workers on the same machine are heard more often than those of a fleet, so that a trial whose process was killed is tried
 * again soon.
 */
const DEADLINES = ['--heartbeat', '5s', '--lease', '20s'];
/** How long a coordinator may take to listen; a long log is replayed first. */
const START_MS = 120_000;

/** One process of the fleet. */
interface Member {
  /** As it stands in messages. */
  readonly name: string;
  readonly logFile: string;
  readonly child: ChildProcess;
  /** Resolves when it has ended, to how. */
  readonly ended: Promise<string>;
}

/** A coordinator and workers on this machine, each a process of its own, speaking gRPC like any other. */
export interface LocalFleet {
  /** The coordinator's address. */
  readonly address: string;
  /** Aborted, with a `UserError` for its reason, when a process ends that should not have. */
  readonly failed: AbortSignal;
  /** Starts a worker; `args` come after those that every worker of the fleet gets. */
  addWorker(name: string, args: readonly string[]): void;
  /** Ends all processes in order: workers hand back what they run, then the coordinator stops. */
  close(): Promise<void>;
  /** Ends all processes at once. */
  kill(): void;
}

/**
 * Starts a coordinator of one's own on a free port. The processes write their logs to files in `state`, because the terminal
 * belongs to the view. They are kept out of the terminal's process group, so that Ctrl-C reaches only this process, which
 * then ends them in order; when this process is killed, their channel breaks and they end by themselves.
 *
 * @param state the coordinator's folder
 * @throws {UserError} when the coordinator does not start
 */
export async function startLocalFleet(state: string): Promise<LocalFleet> {
  mkdirSync(state, { recursive: true });
  const failure = new AbortController();
  const members: Member[] = [];
  let closing = false;
  const add = (name: string, file: string, args: readonly string[]): Member => {
    const member = startMember(name, join(state, file), [...args, '--exit-with-parent']);
    members.push(member);
    void member.ended.then((how) => {
      if (!closing) failure.abort(unexpectedEnd(member, how));
    });
    return member;
  };
  const kill = (): void => {
    closing = true;
    for (const { child } of members) child.kill('SIGKILL');
  };
  const listen = ['--listen', '127.0.0.1:0', '--state', state, ...DEADLINES];
  const coordinator = add('the coordinator', 'coordinator.log', ['coordinator', ...listen]);
  const address = await listening(coordinator, failure.signal).catch((error: unknown) => {
    kill();
    throw error;
  });
  return {
    address,
    failed: failure.signal,
    addWorker: (name, args) => {
      add(`worker ${name}`, `${name}.log`, ['worker', '--coordinator', address, '--name', name, ...args]);
    },
    close: async () => {
      closing = true;
      await Promise.all(members.filter((member) => member !== coordinator).map(endMember));
      await endMember(coordinator);
    },
    kill,
  };
}

function startMember(name: string, logFile: string, args: readonly string[]): Member {
  const log = openSync(logFile, 'a');
  try {
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    const child = fork(main, args, { stdio: ['ignore', log, log, 'ipc'], detached: true, execArgv: [] });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`));
    });
    return { name, logFile, child, ended };
  } finally {
    closeSync(log);
  }
}

/** The address that a coordinator tells once it listens. */
function listening({ child, name, logFile }: Member, failed: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new UserError(`${name} does not listen after ${START_MS / 1000} s; see ${logFile}`, FAILURE));
    }, START_MS);
    const fail = (): void => {
      clearTimeout(late);
      reject(failed.reason);
    };
    failed.addEventListener('abort', fail, { once: true });
    child.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('listening' in message)) return;
      clearTimeout(late);
      failed.removeEventListener('abort', fail);
      resolve(String(message.listening));
    });
  });
}

async function endMember({ child, ended }: Member): Promise<void> {
  if (child.connected) child.disconnect();
  const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(killer);
}

function unexpectedEnd({ name, logFile }: Member, how: string): UserError {
  const tail = lastLines(logFile, 5);
  const last = tail.at(-1) ?? '';
  // A process that knows what is wrong has said so in its last line; otherwise the log's end is the best there is.
  if (last.startsWith('assay: ')) return new UserError(`${name} ended: ${last.slice('assay: '.length)}`, FAILURE);
  const words = tail.length === 0 ? '' : `; the end of ${logFile}:\n${tail.map((line) => `  ${line}`).join('\n')}`;
  return new UserError(`${name} ended unexpectedly (${how})${words}`, FAILURE);
}

function lastLines(file: string, number: number): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').filter(Boolean).slice(-number);
  } catch {
    return [];
  }
}
