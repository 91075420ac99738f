import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { NATS, NatsServers } from '../nats/servers.js';
import { CoordinatorCluster, mainFile } from './cluster.js';
import { MACHINES_MISSING, Machines } from './machines.js';
import { waitFor } from './processes.js';

/*
 * Three machines with a coordinator and a nats-server each, a worker on a fourth; network namespaces stand for machines, and
 * lines between them are cut.
 */

interface TrialJson {
  readonly state: string;
  readonly attempts: { end: string }[];
}

const TRIALS = 40;
const PORT = 7070;

let folder: string;
let machines: Machines;
let servers: NatsServers;
let coordinators: CoordinatorCluster;
let endWorker: () => Promise<unknown>;
beforeEach(async (test) => {
  if (NATS.missing !== undefined) test.skip(NATS.missing);
  if (MACHINES_MISSING !== undefined) test.skip(MACHINES_MISSING);
  folder = mkdtempSync(path.join(tmpdir(), 'assay-partition-'));
  machines = new Machines(3);
  const hosts = [1, 2, 3].map((i) => machines.host(i));
  const wrap = (i: number): string[] => machines.on(i + 1);
  servers = await NatsServers.start({ count: 3, hosts, wrap, wait: false });
  coordinators = new CoordinatorCluster({
    log: servers.url,
    addresses: hosts.map((host) => `${host}:${PORT}`),
    args: ['--insecure'],
    wrap,
  });
  await Promise.all([0, 1, 2].map((i) => coordinators.up(i)));
  await coordinators.until('a leader', () => coordinators.leader !== undefined);
  return async () => {
    await endWorker?.();
    await coordinators.close();
    await servers.close();
    machines.close();
    rmSync(folder, { recursive: true });
  };
}, 120_000);

/** Runs a command of ours on machine 0. */
async function assay(...words: string[]): Promise<string> {
  const [command, ...before] = machines.on(0);
  const args = [...before, process.execPath, mainFile(), ...words, '--coordinator', coordinators.addresses];
  const { stdout } = await promisify(execFile)(command!, args, { cwd: folder, maxBuffer: 64 << 20 });
  return stdout;
}

async function begin(): Promise<void> {
  const search = `
name: cut
metric: {name: value, goal: maximize}
budget: {trials: ${TRIALS}}
seed: 7
sampler: random
pruner: none
"null": {steps: 5, value: $x, delay_ms: 100}
space: {x: {float: [0, 1]}}
`;
  writeFileSync(path.join(folder, 'search.yaml'), search);
  await assay('submit', 'search.yaml');
  const [command, ...before] = machines.on(0);
  const words = ['worker', '--coordinator', coordinators.addresses, '--slots', '2', '--log-level', 'silent'];
  const worker = spawn(command!, [...before, process.execPath, mainFile(), ...words], { stdio: 'ignore' });
  endWorker = async () => {
    worker.kill('SIGKILL');
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
  };
}

async function trials(): Promise<TrialJson[]> {
  return (JSON.parse(await assay('trials', 'cut', '--json')) as { trials: TrialJson[] }).trials;
}
const done = async (): Promise<number> => (await trials()).filter(({ state }) => state === 'complete').length;

async function expectEachTrialOnce(): Promise<void> {
  await waitFor('the study to finish', async () => (await done()) === TRIALS, 120_000);
  const all = await trials();
  expect(all.map(({ state }) => state)).toEqual(Array.from({ length: TRIALS }, () => 'complete'));
  const ends = all.map(({ attempts }) => attempts.filter(({ end }) => end === 'completed').length);
  expect(ends).toEqual(Array.from({ length: TRIALS }, () => 1));
}

/** The machine of the coordinator that leads, from 1. */
const leader = (): number => coordinators.leader! + 1;
const others = (machine: number): number[] => [1, 2, 3].filter((other) => other !== machine);

describe('a leader that is cut off with its own NATS server', () => {
  it('steps down, although its workers still reach it, and no result is lost or counted twice', {
    timeout: 240_000,
  }, async () => {
    await begin();
    await waitFor('the first results', async () => (await done()) >= 4);
    const lonely = leader();
    for (const other of others(lonely)) machines.cut(lonely, other);
    const led = (): boolean => coordinators.leader !== undefined && leader() !== lonely;
    await coordinators.until('another one to lead', led);
    const before = await done();
    await waitFor('results by the new leader', async () => (await done()) > before + 2);
    machines.heal();
    await expectEachTrialOnce();
  });

  it('and from everybody else: the worker finds the new one by itself', { timeout: 240_000 }, async (test) => {
    // It waits until the worker's keepalive finds the line dead.
    if (process.env['ASSAY_SLOW_TESTS'] === undefined) test.skip('takes a minute: npm run test:partitions');
    await begin();
    await waitFor('the first results', async () => (await done()) >= 4);
    const lonely = leader();
    for (const other of [0, ...others(lonely)]) machines.cut(lonely, other);
    await coordinators.until('another one to lead', () =>
      coordinators.lines.some(({ coordinator, msg }) => msg === 'leads' && coordinator !== lonely - 1),
    );
    const before = await done();
    await waitFor('results by the new leader', async () => (await done()) > before + 2, 90_000);
    machines.heal();
    await expectEachTrialOnce();
  });
});
