import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let world: World;

beforeEach(() => {
  world = new World();
  mkdirSync(join(world.folder, 'examples'));
  cpSync(join(ROOT, 'examples', 'own-code'), join(world.folder, 'examples', 'own-code'), { recursive: true });
  cpSync(join(ROOT, 'python'), join(world.folder, 'python'), { recursive: true });
});

afterEach(async () => {
  await world.close();
  rmSync(world.folder, { recursive: true, force: true });
});

/** What keeps a test from running; undefined when nothing does. */
function lacking(module: string): string | undefined {
  try {
    execFileSync('python3', ['-c', `import ${module}`], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `python3 with ${module} is not here`;
  }
}

describe('the worked examples', () => {
  for (const [name, missing] of [
    ['shell', undefined],
    ['module', undefined],
    ['sklearn', lacking('sklearn')],
    ['torch', lacking('torch')],
  ] as const) {
    it(`${name} runs as it stands`, async (context) => {
      context.skip(missing !== undefined, missing);
      const { code, stdout, stderr } = await world.run('run', `examples/own-code/${name}.yaml`, '--slots', '2');
      expect(`${code} ${stderr}`).toMatch(/^0 /);
      expect(stdout).toContain('best configuration');
      expect(stderr).not.toContain('--export'); // Whose models are the code's own affair.
    }, 400_000);
  }
});

describe('a worker with GPUs', () => {
  it('shows them, gives each attempt one of its own, or two whole ones where they are required', async () => {
    const tools = join(world.folder, 'tools');
    mkdirSync(tools);
    const rows = [0, 1].map((i) => `${i}, GPU-${i}, NVIDIA H100 80GB HBM3, 550.54.15, 81559, 1024, 40, Disabled`);
    writeFileSync(join(tools, 'nvidia-smi'), `#!/bin/sh\ncat <<END\n${rows.join('\n')}\nEND\n`, { mode: 0o755 });
    const { PATH } = process.env;
    process.env['PATH'] = `${tools}:${PATH}`;
    try {
      await world.coordinator('--heartbeat', '200ms');
      world.worker('gpus', '--allow-command');
      const seen = join(world.folder, 'seen');
      const study = (name: string, more: string): string => {
        const file = join(world.folder, `${name}.yaml`);
        const script = `echo ${name} $CUDA_VISIBLE_DEVICES >> ${seen}; sleep 0.5; echo '{"a": 1}' >&3`;
        writeFileSync(
          file,
          `name: ${name}\nmetric: {name: a}\nbudget: {trials: 4}\ncommand: [bash, -c, ${JSON.stringify(script)}]\nspace: {x: {float: [0, 1]}}\n${more}\n`,
        );
        return file;
      };
      await world.run('submit', study('one', ''), '--watch');
      await world.run('submit', study('two', 'requires: {gpu: 2}'), '--watch');
      const lines = readFileSync(seen, 'utf8').trim().split('\n');
      const counts = lines.map((line) => lines.filter((other) => other === line).length);
      expect(Object.fromEntries(lines.map((line, i) => [line, counts[i]]))).toEqual({
        'one 0': 2,
        'one 1': 2,
        'two 0,1': 4,
      });
      await waitFor('the use of its GPUs', async () =>
        (await world.run('workers')).stdout.includes('2 x NVIDIA H100 80GB HBM3, 40% busy, 2 of 159 GiB'),
      );
    } finally {
      process.env['PATH'] = PATH;
    }
  }, 120_000);
});

describe('a fleet', () => {
  it('runs uploaded code where it is allowed, and says at once where it is not', async () => {
    await world.coordinator();
    world.worker('shy');
    await waitFor('the worker', async () => (await world.json<unknown[]>('workers', '--json')).length === 1);
    const file = join(world.folder, 'up.yaml');
    writeFileSync(
      file,
      `name: up\nmetric: {name: height}\nbudget: {trials: 3}\ncommand: {argv: [bash, -c, '. ./shell.sh && parabola "$0" 1', "{x}"], upload: examples/own-code}\nspace: {x: {float: [0, 1]}}\n`,
    );
    const submitted = await world.run('submit', file);
    expect(submitted.stdout).toBe('up\n');
    expect(submitted.stderr).toMatch(/uploaded \d+ files of examples\/own-code \([0-9a-f]{12}\)/);
    expect(submitted.stderr).toContain(
      'nothing runs: shy does not allow the objective command: its operator can with --allow-command',
    );
    world.worker('willing', '--allow-command', '--allow-upload', '--slots', '2');
    const board = await world.run('leaderboard', 'up', '--watch');
    expect(board.stdout).toContain('up: 3 complete');
  }, 120_000);
});
