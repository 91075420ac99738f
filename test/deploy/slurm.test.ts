import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mainFile } from '../e2e/cluster.js';
import { World, waitFor } from '../e2e/processes.js';
import { DEPLOY } from './programs.js';
import { SLURM_MISSING, SlurmCluster } from './slurm-cluster.js';

/* Workers that a real Slurm starts from deploy/slurm: one of them is cancelled, one pre-empted, and the count is exact. */

interface TrialJson {
  readonly state: string;
  readonly attempts: { readonly worker: string; readonly end: string }[];
}
interface WorkerJson {
  readonly name: string;
  readonly running: readonly object[];
}

const TRIALS = 12;
const SEARCH = `
name: queue
metric: {name: value, goal: maximize}
budget: {trials: ${TRIALS}}
seed: 7
sampler: random
pruner: none
"null": {steps: 10, delay_ms: 250, value: $x}
space: {x: {float: [0, 1]}}
`;

let world: World;
let slurm: SlurmCluster | undefined;
beforeEach(async (test) => {
  if (SLURM_MISSING !== undefined) test.skip(SLURM_MISSING);
  world = new World();
  slurm = await SlurmCluster.start();
}, 60_000);
afterEach(async () => {
  await slurm?.close();
  await world?.close();
}, 60_000);

it('finishes a study exactly on workers of an sbatch array, one cancelled and one pre-empted', {
  timeout: 180_000,
}, async () => {
  const cluster = slurm!;
  const assay = path.join(world.folder, 'assay');
  writeFileSync(assay, `#!/bin/sh\nexec ${process.execPath} ${mainFile()} "$@"\n`);
  chmodSync(assay, 0o755);
  await world.coordinator();
  const file = path.join(world.folder, 'queue.yaml');
  writeFileSync(file, SEARCH);
  expect((await world.run('submit', file)).code).toBe(0);

  const script = path.join(DEPLOY, 'slurm', 'assay-worker.sbatch');
  const env = { ASSAY_COORDINATOR: world.address, ASSAY: assay };
  const job = cluster.submit(['--array=0-2', '--cpus-per-task=1', script, '--label', 'site=slurm'], env);
  const workers = () => world.json<WorkerJson[]>('workers', '--json');
  const busy = (count: number) =>
    waitFor(`${count} workers to be busy`, async () => {
      return (await workers()).filter(({ running }) => running.length > 0).length === count;
    });
  const logOf = (task: number): string =>
    readFileSync(path.join(cluster.jobs, `assay-worker-${job}_${task}.log`), 'utf8');
  const drained = (task: number) => waitFor(`task ${task} to drain`, () => logOf(task).includes('"msg":"drained"'));
  await busy(3);

  cluster.run('scancel', `${job}_1`);
  await drained(1);
  await waitFor('the cancelled task to be gone', () => cluster.stateOf(`${job}_1`) === '');

  // Wants all four cores, so both of the others have to go.
  const first = cluster.submit(['--partition=high', '--cpus-per-task=4', '--wrap=true']);
  await Promise.all([drained(0), drained(2)]);
  await waitFor('the urgent job to end', () => cluster.stateOf(first) === '');
  for (const task of [0, 2]) {
    // A requeued job waits two minutes, to be sure that the former one is gone.
    await waitFor(`task ${task} to be requeued`, () => cluster.stateOf(`${job}_${task}`) === 'PENDING');
    cluster.run('scontrol', 'update', `JobId=${job}_${task}`, 'StartTime=now');
  }
  await waitFor(
    'the study to finish',
    async () => {
      const { study } = await world.json<{ study: { state: string } }>('leaderboard', '--json');
      return study.state === 'finished';
    },
    120_000,
  );

  const { trials } = await world.json<{ trials: TrialJson[] }>('trials', '--json');
  expect(trials.map(({ state }) => state)).toEqual(Array.from({ length: TRIALS }, () => 'complete'));
  const ends = trials.flatMap(({ attempts }) => attempts.map(({ end }) => end));
  expect(ends.filter((end) => end === 'completed')).toHaveLength(TRIALS);
  // Each of the three was told to leave once, in the middle of a trial.
  expect(ends.filter((end) => end !== 'completed')).toEqual(['handed back', 'handed back', 'handed back']);
  expect(new Set(trials.flatMap(({ attempts }) => attempts.map(({ worker }) => worker))).size).toBe(3);
});
