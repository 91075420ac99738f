import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder whose files are checked here. */
export const DEPLOY: string = fileURLToPath(new URL('../../deploy', import.meta.url));
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** What a program said. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  /** All of it, in the order in which it is told to people. */
  readonly text: string;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd: string = ROOT): Said {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return { code: status, stdout: stdout ?? '', text: `${stderr ?? ''}${stdout ?? ''}${error?.message ?? ''}` };
}

/** Why a test that needs these programs is skipped; undefined when all are there. */
export function missing(...programs: readonly string[]): string | undefined {
  const lacking = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return lacking.length === 0
    ? undefined
    : `${lacking.join(', ')} not installed: scripts/setup-deploy.sh gets what it can`;
}
