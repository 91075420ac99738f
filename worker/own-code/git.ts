import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitRevision } from '../../proto/own-code.js';
import { ObjectiveError } from '../objectives/errors.js';

const PATIENCE_MS = 10 * 60_000;

/** Nothing of a repository is run by fetching it, and nobody is asked for a password. */
const SAFELY = ['-c', 'core.hooksPath=/dev/null', '-c', 'protocol.ext.allow=never', '-c', 'advice.detachedHead=false'];
const ENVIRONMENT = { GIT_TERMINAL_PROMPT: '0', GIT_LFS_SKIP_SMUDGE: '1', LC_ALL: 'C' };

/**
 * Fetches one commit's files into a folder, without its history. Submodules are not fetched.
 *
 * @throws {ObjectiveError} when it cannot be had
 */
export async function fetchRevision(
  { url, revision }: GitRevision,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const git = (...args: string[]): Promise<string> => run([...SAFELY, '-C', folder, ...args], signal);
  await git('init', '--quiet');
  const one = await attempt(git('fetch', '--quiet', '--depth', '1', '--no-tags', '--', url, revision));
  // Some servers give no commits but those that branches and tags name.
  if (one !== undefined) {
    const all = await attempt(git('fetch', '--quiet', '--', url, '+refs/*:refs/assay/*'));
    if (all !== undefined) throw new ObjectiveError(`git cannot fetch from ${url}: ${all}`);
  }
  const found = await attempt(git('checkout', '--quiet', '--force', '--detach', revision, '--'));
  if (found !== undefined) throw new ObjectiveError(`commit ${revision} cannot be had from ${url}: ${found}`);
  await rm(join(folder, '.git'), { recursive: true, force: true });
}

/** What went wrong, in one line; undefined when nothing did. */
function attempt(ran: Promise<string>): Promise<string | undefined> {
  return ran.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

function run(args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...ENVIRONMENT };
    const options = { env, signal, timeout: PATIENCE_MS, killSignal: 'SIGKILL', maxBuffer: 16 << 20 } as const;
    execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new Error('there is no git on this worker'));
      else reject(new Error(lastLine(stderr) || error.message.split('\n')[0]));
    });
  });
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split('\n')
      .findLast((line) => /^(fatal|error|remote|ERROR):/.test(line)) ?? ''
  );
}
