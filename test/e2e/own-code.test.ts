import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
    }, 180_000);
  }
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
