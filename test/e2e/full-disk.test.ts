import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

/** Why no small disk can be had here; undefined when one can. */
const missing = whyNot();

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'a small disk needs tmpfs';
  if (process.getuid?.() !== 0) return 'mounting a small disk needs root';
  const world = new World();
  const folder = path.join(world.folder, 'try');
  mkdirSync(folder);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0;
  if (mounted) execFileSync('umount', [folder]);
  rmSync(world.folder, { recursive: true });
  return mounted ? undefined : 'this machine mounts no tmpfs';
}

let world: World;
let disk: string;
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
  world = new World();
  disk = path.join(world.folder, 'state');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
});
afterEach(async () => {
  if (missing !== undefined) return;
  await world.stop();
  execFileSync('umount', [disk]);
  await world.close();
});

const TRIALS = 40;
const STEPS = 20;

interface Board {
  readonly study: { readonly state: string; readonly counts: Record<string, number> };
}

describe('a full disk under the log', () => {
  it('ends the coordinator with a reason, and loses nothing that was acknowledged', { timeout: 120_000 }, async () => {
    const first = await world.coordinator('--heartbeat', '200ms', '--lease', '20s', '--no-http');
    const file = path.join(world.folder, 'search.yaml');
    writeFileSync(
      file,
      `
name: full
metric: {name: value, goal: maximize}
budget: {trials: ${TRIALS}}
seed: 7
sampler: random
pruner: none
"null": {steps: ${STEPS}, value: $x, delay_ms: 5}
space: {x: {float: [0, 1]}}
`,
    );
    expect((await world.run('submit', file)).code).toBe(0);
    world.worker('steady', '--slots', '2');
    const board = (): Promise<Board> => world.json<Board>('leaderboard', '--json');
    await waitFor('the first trials', async () => ((await board()).study.counts['complete'] ?? 0) >= 2);
    const before = (await board()).study.counts['complete']!;
    const ballast = path.join(disk, 'ballast');
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k'], { stdio: 'ignore' });

    const code = await new Promise<number | null>((resolve) => first.child.once('exit', resolve));
    expect(code).toBe(1);
    expect(first.output()).toMatch(/disk is full/);
    expect(first.output()).not.toMatch(/\n\s+at /);

    rmSync(ballast);
    await world.coordinator('--heartbeat', '200ms', '--lease', '20s', '--no-http');
    expect((await board()).study.counts['complete']).toBeGreaterThanOrEqual(before);
    await waitFor('the study to finish', async () => (await board()).study.state === 'finished', 90_000);
    const { trials } = await world.json<{ trials: { state: string; attempts: { end: string }[] }[] }>(
      'trials',
      'full',
      '--json',
    );
    expect(trials.map(({ state }) => state)).toEqual(Array.from({ length: TRIALS }, () => 'complete'));
    expect(trials.flatMap(({ attempts }) => attempts.map(({ end }) => end))).toEqual(
      Array.from({ length: TRIALS }, () => 'completed'),
    );
  });
});
