import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

const STORE = fileURLToPath(new URL('../../dist/coordinator/artifacts/directory.js', import.meta.url));

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe('a disk that takes no more', () => {
  it('is one clear reason, and leaves nothing half written', { timeout: 30_000 }, async () => {
    const script = `
      import { readdirSync } from 'node:fs';
      import { openDirectoryArtifacts } from ${JSON.stringify(STORE)};
      const store = openDirectoryArtifacts('artifacts');
      async function* large() { for (let i = 0; i < 64; i++) yield Buffer.alloc(65536, i); }
      try { await store.put(large()); } catch ({ code, message }) {
        console.log(JSON.stringify({ code, message, left: readdirSync('artifacts/unfinished') }));
      }`;
    writeFileSync(path.join(world.folder, 'fill.mjs'), script);
    // No file may grow beyond a hundred blocks: what the system answers is what a full disk answers too.
    const stdout = await new Promise<string>((resolve) => {
      const words = ['-c', `ulimit -f 100; exec "${process.execPath}" fill.mjs`];
      execFile('sh', words, { cwd: world.folder }, (_, text) => resolve(text));
    });
    expect(JSON.parse(stdout)).toEqual({
      code: 'full',
      message: "there is no room left on the coordinator's disk for artifacts",
      left: [],
    });
  });
});

describe('a model that the coordinator does not take', () => {
  it('costs the trial nothing but the model, and the trial says why', { timeout: 120_000 }, async () => {
    await world.coordinator('--max-artifact', '4KiB');
    const file = path.join(world.folder, 'search.yaml');
    const search = {
      name: 'large',
      budget: { trials: 1 },
      sampler: 'random',
      train: {
        dataset: { name: 'digits', train: 200, validation: 50 },
        architecture: { type: 'mlp', depth: 1, width: 32 },
        optimizer: { type: 'sgd', learning_rate: '$lr' },
        batch_size: 32,
        epochs: 1,
        checkpoint_every: 1,
      },
      space: { lr: { log: [0.01, 0.1] } },
    };
    writeFileSync(file, JSON.stringify(search));
    expect((await world.run('submit', file)).code).toBe(0);
    world.worker('trainer', '--slots', '1');
    const trial = await waitFor('the trial to end', async () => {
      const { trials } = await world.json<{ trials: { state: string; reason: string; weights: object | null }[] }>(
        'trials',
        'large',
        '--json',
      );
      return trials[0]?.state === 'complete' && trials[0];
    });
    expect(trial.reason).toMatch(
      /^its model is not kept: an artifact of \d+ bytes is too large: at most 4096 bytes are taken/,
    );
    expect(trial.weights).toBeNull();
    const exported = await world.run('best', '--export', 'model');
    expect(exported).toMatchObject({ code: 2, stderr: expect.stringMatching(/^assay: large has no model of trial 0/) });
  });
});
