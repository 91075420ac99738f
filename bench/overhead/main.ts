import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { credentials } from '@grpc/grpc-js';
import { StudyServiceClient, StudyState } from '../../proto/index.js';
import { startCeiling } from './ceiling.js';

/*
 * What a trial costs beside its training: trials of an objective that does nothing, per second, over gRPC, committed in
 * SQLite, random search. Beside it the ceiling: the same messages and commits without anything that decides.
 *
 *   npm run bench
 */

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const MAIN = here('../../cli/main.js');

interface Shape {
  readonly name: string;
  readonly sessions: number;
  readonly slots: number;
  readonly trials: number;
}

const SHAPES: readonly Shape[] = [
  { name: '1 worker of 1 slot', sessions: 1, slots: 1, trials: 4000 },
  { name: '8 workers of 1 slot', sessions: 8, slots: 1, trials: 20_000 },
  { name: '64 workers of 1 slot', sessions: 64, slots: 1, trials: 40_000 },
  { name: '1 worker of 64 slots', sessions: 1, slots: 64, trials: 40_000 },
];

/** Trials per second, best of this many runs of each kind in turn: other work on the machine only ever slows one down. */
const ROUNDS = 3;

console.log('null trials per second, committed in SQLite, clients in a second process');
console.log('shape                     assay    ceiling    ratio');
for (const shape of SHAPES) {
  let assay = 0;
  let ceiling = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    ceiling = Math.max(ceiling, await measureCeiling(shape));
    assay = Math.max(assay, await measureAssay(shape.trials, (address) => startClient(address, shape)));
  }
  console.log(`${shape.name.padEnd(22)} ${rate(assay)} ${rate(ceiling)} ${(assay / ceiling).toFixed(2).padStart(8)}`);
}

const children = await measureAssay(60, (address) =>
  fork(MAIN, ['worker', '--coordinator', address, '--slots', '2', '--log-level', 'silent', '--exit-with-parent']),
);
console.log(`through real child processes, 2 slots: ${children.toFixed(1)} trials per second`);
process.exit(0);

function rate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en').padStart(8);
}

function startClient(address: string, { sessions, slots }: Shape): ChildProcess {
  return fork(here('client.js'), [address, String(sessions), String(slots)]);
}

async function measureCeiling(shape: Shape): Promise<number> {
  const ceiling = await startCeiling();
  const client = startClient(ceiling.address, shape);
  const perSecond = await ceiling.rate(shape.trials, shape.sessions * shape.slots);
  await end(client);
  await ceiling.close();
  return perSecond;
}

/** Between the first trial's proposal and the end of the study, as the log has it. */
async function measureAssay(trials: number, startWorkers: (address: string) => ChildProcess): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
  const options = ['--listen', '127.0.0.1:0', '--state', folder, '--log-level', 'silent', '--exit-with-parent'];
  const coordinator = fork(MAIN, ['coordinator', ...options]);
  const [{ listening: address }] = (await once(coordinator, 'message')) as [{ listening: string }];
  const studies = new StudyServiceClient(address, credentials.createInsecure());
  const workers = startWorkers(address);
  await new Promise<void>((resolve, reject) => {
    studies.createStudy({ requestId: '', spec: specOf(trials), fileName: 'bench.yaml', codeDigest: '' }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  const milliseconds = await finished(studies);
  studies.close();
  await end(workers);
  await end(coordinator);
  rmSync(folder, { recursive: true });
  return (trials / milliseconds) * 1000;
}

/** Waits for the study's end; gives the milliseconds that it ran. */
async function finished(studies: StudyServiceClient): Promise<number> {
  for (;;) {
    const first = await new Promise<{ begun: number; ended: number } | undefined>((resolve, reject) => {
      studies.getTrial({ study: '', trial: 0 }, (error, answer) => {
        if (error !== null) return error.details.includes('has no trial') ? resolve(undefined) : reject(error);
        const { state, finishedAtMs } = answer.study!;
        const ended = state === StudyState.STUDY_STATE_FINISHED ? finishedAtMs : 0;
        return resolve({ begun: answer.trial!.proposedAtMs, ended });
      });
    });
    if (first !== undefined && first.ended > 0) return first.ended - first.begun;
    // Seldom, because answering takes time from what is measured.
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function specOf(trials: number): string {
  return `
name: bench
metric: {name: value, goal: maximize}
budget: {trials: ${trials}}
seed: 7
sampler: random
pruner: none
"null": {steps: 1, value: $lr}
space: {lr: {log: [1e-4, 1]}, depth: {int: [1, 4]}, optimizer: [sgd, adam]}
`;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
