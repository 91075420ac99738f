import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World, waitFor } from './processes.js';

interface TrialJson {
  readonly number: number;
  readonly state: string;
  readonly value: number | null;
  readonly reports: { step: number; metrics: Record<string, number> }[];
}
interface BoardJson {
  readonly study: { id: string; state: string; notice: string };
  readonly rows: { rank: number; trial: TrialJson }[];
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

function write(name: string, text: string): string {
  const file = path.join(world.folder, name);
  writeFileSync(file, text);
  return file;
}

const board = (): Promise<BoardJson> => world.json<BoardJson>('leaderboard', '--json');
const finished = () => waitFor('the study to finish', async () => (await board()).study.state === 'finished', 90_000);

describe('training for real, in processes of their own', () => {
  const search = `
name: small
budget: {trials: 3}
seed: 7
sampler: tpe
train:
  dataset: {name: digits, train: 600, validation: 200}
  architecture: {type: mlp, depth: $depth, width: 32, dropout: 0.2}
  optimizer: {type: sgd, learning_rate: $lr, momentum: 0.9}
  batch_size: 32
  epochs: 3
space: {lr: {log: [0.01, 0.3]}, depth: {int: [1, 2]}}
`;

  it('ranks trials, and a re-run of the winner repeats its curve to the last bit', { timeout: 120_000 }, async () => {
    await world.coordinator();
    world.worker('trainer', '--slots', '2');
    expect(await world.run('submit', write('small.yaml', search))).toMatchObject({ code: 0, stdout: 'small\n' });
    await finished();
    const { rows } = await board();
    const winner = rows[0]!.trial;
    expect(winner.value).toBeGreaterThan(0.3);
    expect((await world.run('rerun', 'small', String(winner.number))).code).toBe(0);
    const again = await waitFor('the re-run to end', async () => {
      const { trial } = await world.json<{ trial: TrialJson }>('show', 'small', '3', '--json');
      return trial.state === 'complete' && trial;
    });
    const curve = (trial: TrialJson) =>
      trial.reports.map(({ step, metrics }) => ({
        step,
        metrics: { ...metrics, images_per_s: undefined, time: undefined },
      }));
    const { trial: original } = await world.json<{ trial: TrialJson }>(
      'show',
      'small',
      String(winner.number),
      '--json',
    );
    expect(curve(again)).toEqual(curve(original));
    expect((await board()).rows).toHaveLength(rows.length);
  });
});

describe('data that is damaged', () => {
  const search = `
name: broken
budget: {trials: 50}
seed: 7
sampler: random
train:
  dataset: mnist
  architecture: {type: mlp, depth: 1, width: 32}
  optimizer: {type: sgd, learning_rate: $lr}
  batch_size: 32
  epochs: 1
space: {lr: {log: [0.01, 0.3]}}
`;

  /** An IDX file: magic number, sizes, then bytes. */
  const idx = (magic: number, sizes: readonly number[], bytes: number): Buffer => {
    const head = Buffer.alloc(4 + 4 * sizes.length);
    head.writeUInt32BE(magic, 0);
    for (const [i, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * i);
    return Buffer.concat([head, Buffer.alloc(bytes)]);
  };

  const images = idx(0x0803, [100, 28, 28], 100 * 784);
  const labels = idx(0x0801, [100], 100);

  it.each([
    ['truncated', { images: images.subarray(0, 5000), labels }, /train-images.*(truncated|ends)/i],
    ['of another kind', { images: idx(0x0801, [100], 78_400), labels }, /train-images.*magic/i],
  ])(
    '(%s) fails the trials with that reason and ends the study in words',
    { timeout: 60_000 },
    async (_, files, reason) => {
      const folder = path.join(world.folder, 'data', 'mnist');
      mkdirSync(folder, { recursive: true });
      const put = (name: string, bytes: Buffer | undefined): void => {
        if (bytes !== undefined) writeFileSync(path.join(folder, `${name}.gz`), gzipSync(bytes));
      };
      put('train-images-idx3-ubyte', files.images);
      put('train-labels-idx1-ubyte', files.labels);
      put('t10k-images-idx3-ubyte', images);
      put('t10k-labels-idx1-ubyte', labels);
      await world.coordinator();
      world.worker('trainer', '--slots', '1', '--datasets', path.join(world.folder, 'data'));
      await world.run('submit', write('broken.yaml', search));
      await finished();
      const { study } = await board();
      expect(study.notice).toMatch(/^the first 3 trials failed for the same reason: /);
      expect(study.notice).toMatch(reason);
      const shown = await world.run('show', 'broken', '0');
      expect(shown.stdout).toMatch(reason);
    },
  );

  it('(missing) keeps a fleet waiting, which says why, and ends a search on one machine with that reason', async () => {
    const folder = path.join(world.folder, 'data', 'mnist');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'train-labels-idx1-ubyte.gz'), gzipSync(labels));
    const data = ['--datasets', path.join(world.folder, 'data'), '--offline'];
    await world.coordinator();
    world.worker('trainer', '--slots', '1', ...data);
    const file = write('broken.yaml', search);
    await world.run('submit', file);
    await waitFor('the study to say why', async () => /train-images/.test((await board()).study.notice));
    const { code, stderr } = await world.run('run', file, ...data, '--state', path.join(world.folder, 'own'));
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/nothing runs: .*train-images/) });
  }, 120_000);
});

describe('a mistake', () => {
  it('in a search file ends submit with every fault at its position, and nothing is submitted', async () => {
    await world.coordinator();
    const text = readFileSync(new URL('../../examples/digits.yaml', import.meta.url), 'utf8');
    const file = write('faulty.yaml', text.replace('[1e-3, 1]', '[1, 1e-3]').replace('budget:', 'budgit:'));
    const { code, stdout, stderr } = await world.run('submit', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/3 faults/),
      expect.stringMatching(/faulty\.yaml:\d+:1: budget is missing/),
      expect.stringMatching(/faulty\.yaml:\d+:1 budgit: .*budget/),
      expect.stringMatching(/faulty\.yaml:\d+:\d+ space\.lr\.log/),
    ]);
    expect(await world.json('studies', '--json')).toMatchObject([]);
  });

  it('about where the coordinator is costs one line and little time', { timeout: 30_000 }, async () => {
    world.address = '127.0.0.1:9';
    const { code, stderr } = await world.run('leaderboard');
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/no coordinator at 127\.0\.0\.1:9/)]);
  });

  it('about the state folder costs one line: two coordinators cannot share one', { timeout: 30_000 }, async () => {
    await world.coordinator();
    const args = ['coordinator', '--listen', '127.0.0.1:0', '--state', path.join(world.folder, 'state')];
    const { code, stderr } = await world.run(...args);
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/in use by another coordinator/)]);
  });

  it('about who may listen is refused before the door opens', async () => {
    const { code, stderr } = await world.run('coordinator', '--listen', '0.0.0.0:0');
    expect(code).toBe(2);
    expect(stderr).toMatch(/0\.0\.0\.0:0 can be reached from other machines.*init-tls.*--tls-cert.*--insecure/s);
  });
});
