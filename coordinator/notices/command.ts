import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { ConfigError } from '../errors.js';
import { GivenUp, type Target } from './mailbox.js';

const LIMIT_MS = 30_000;
/** How much of its last words is told. */
const LAST_WORDS = 500;

/**
 * Runs a command for each notice, with the notice as JSON on its standard input. No shell is used. It is run once: whether what
 * it did before it failed may be done twice, nobody can know.
 *
 * @throws {ConfigError} when there is no such program
 */
export function notifyCommand(words: readonly string[], limitMs: number = LIMIT_MS): Target {
  const [program = '', ...args] = words;
  checkProgram(program);
  return {
    name: `command ${basename(program)}`,
    retries: [],
    deliver: async (notice, signal) => {
      // A group of its own, so that what it started ends with it.
      const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
      // Who does not read its input is not at fault.
      child.stdin.on('error', () => undefined);
      child.stdin.end(`${JSON.stringify(notice)}\n`);
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-LAST_WORDS);
      });
      const end = await endOf(child, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]), limitMs);
      if (end !== undefined) throw new GivenUp(said.trim() === '' ? end : `${end}: ${said.trim()}`);
    },
  };
}

/** What was wrong with its end; undefined for exit code 0. Aborted, the whole group is killed. */
function endOf(child: ChildProcess, signal: AbortSignal, limitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let killed = false;
    const kill = (): void => {
      killed = true;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
      // A process that left the group may hold the pipe.
      child.stderr?.destroy();
    };
    signal.addEventListener('abort', kill, { once: true });
    child.once('error', (error) => {
      signal.removeEventListener('abort', kill);
      resolve(error.message);
    });
    child.once('close', (code, by) => {
      signal.removeEventListener('abort', kill);
      if (killed) resolve(`it was killed: it may take ${limitMs / 1000} s`);
      else resolve(code === 0 ? undefined : code === null ? `it was ended by ${by}` : `exit code ${code}`);
    });
  });
}

function checkProgram(program: string): void {
  const folders = program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  if (folders.some((folder) => isProgram(folder === '' ? program : join(folder, program)))) return;
  throw new ConfigError(
    `there is no program ${JSON.stringify(program)} to notify with: name one that can be run, by its path or as it is found in PATH`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
