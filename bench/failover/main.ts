import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openClient } from '../../cli/client.js';
import { openJetStreamLog } from '../../coordinator/event-log/jetstream.js';
import { clusterNames } from '../../coordinator/nats/names.js';
import { CoordinatorCluster } from '../../test/e2e/cluster.js';
import { freePort, NATS, NatsServers } from '../../test/nats/servers.js';
import { audit } from './audit.js';

/*
 * What a death costs: three coordinators and three nats-servers on this machine, load on all of it, and one after the other
 * is killed with SIGKILL - the coordinator that leads, the NATS server that leads the log, both. Prints how long it took
 * from the death to the next assignment, and whether any acknowledged result was lost or any trial counted twice.
 *
 *   npm run bench:failover [-- --kills 50 --nats-kills 20 --both-kills 5 --workers 8 --slots 2 --trial-ms 150]
 */

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    'nats-kills': { type: 'string', default: '20' },
    'both-kills': { type: 'string', default: '5' },
    workers: { type: 'string', default: '8' },
    slots: { type: 'string', default: '2' },
    'trial-ms': { type: 'string', default: '150' },
  },
});
if (NATS.missing !== undefined) {
  console.error(NATS.missing);
  process.exit(1);
}

/** A standby leads and assigns again within this time of its leader's death. */
const BOUND_MS = 5_000;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-failover-'));
const acknowledged = path.join(folder, 'acknowledged');
writeFileSync(acknowledged, '');
const names = clusterNames('main');
const servers = await NatsServers.start({ count: 3 });
const connection = await servers.connect();
const addresses = await Promise.all([0, 1, 2].map(async () => `127.0.0.1:${await freePort()}`));
const coordinators = new CoordinatorCluster({ log: servers.url, addresses });
for (const i of [0, 1, 2]) await coordinators.up(i);
const studies = openClient(coordinators.addresses);
await studies.createStudy(
  `
name: load
metric: {name: value, goal: maximize}
budget: {trials: 10000000}
seed: 7
sampler: random
pruner: none
"null": {steps: 1, value: $x}
space: {x: {float: [0, 1]}}
`,
  'load.yaml',
);
const client: ChildProcess = fork(fileURLToPath(new URL('client.js', import.meta.url)), [
  coordinators.addresses,
  values.workers,
  values.slots,
  values['trial-ms'],
  acknowledged,
]);

const summary: string[] = [];
try {
  await measure('coordinator killed', Number(values.kills), killCoordinator);
  await measure('NATS leader killed', Number(values['nats-kills']), killNats);
  await measure('both killed', Number(values['both-kills']), killBoth);
  await pause(2_000);
  client.kill('SIGKILL');
  const log = await openJetStreamLog(connection, names);
  const found = await audit(log, acknowledged);
  console.log(`\n${summary.join('\n')}`);
  console.log(
    `${found.trials} trials proposed, ${found.completed} completed, ${found.acknowledged} results acknowledged: ` +
      `${found.lost} of them lost, ${found.doubled} trials counted twice (${found.lostAttempts} attempts lost and run again)`,
  );
  if (found.lost + found.doubled > 0) process.exitCode = 1;
  await log.close();
} finally {
  client.kill('SIGKILL');
  studies.close();
  await coordinators.close();
  await connection.close();
  await servers.close();
  rmSync(folder, { recursive: true });
}
process.exit();

/** Kills again and again, and prints the times from the death to the next assignment. */
async function measure(what: string, kills: number, kill: () => Promise<number>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < kills; i += 1) {
    await healthy();
    // Anywhere between two renewals of the lease.
    await pause(500 + Math.random() * 1_000);
    const before = Date.now();
    const { terms } = coordinators;
    const ms = await kill();
    times.push(ms);
    const led = coordinators.lines.findLast(({ msg }) => msg === 'leads')!.at - before;
    const who = coordinators.terms === terms ? 'the same leads' : `led after ${(led / 1000).toFixed(2)} s`;
    console.log(`${what} ${i + 1}/${kills}: next assignment after ${(ms / 1000).toFixed(2)} s (${who})`);
  }
  if (kills === 0) return;
  const sorted = times.toSorted((a, b) => a - b);
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  const late = times.filter((ms) => ms > BOUND_MS).length;
  summary.push(
    `${what}, ${kills} times: next assignment after ${seconds(sorted[kills >> 1]!)} (median), ${seconds(sorted.at(-1)!)} (worst); ${late} above ${seconds(BOUND_MS)}`,
  );
}

/** Until a coordinator leads, two stand by, and NATS has everything three times. */
async function healthy(): Promise<void> {
  await coordinators.until('a leader', () => coordinators.leader !== undefined);
  while (!(await servers.isWhole(connection, names.logStream))) await pause(50);
  while (!(await servers.isWhole(connection, `KV_${names.leaseBucket}`))) await pause(50);
}

async function killCoordinator(): Promise<number> {
  const leader = coordinators.leader!;
  const assigned = nextAssignment('session');
  void coordinators.kill(leader);
  const ms = await assigned;
  await coordinators.up(leader);
  return ms;
}

/** The sessions live on: what counts is the first assignment after the pause. */
async function killNats(): Promise<number> {
  const victim = await natsLeader();
  const assigned = nextAssignment('pause');
  void servers.kill(victim);
  const ms = await assigned;
  servers.up(victim);
  return ms;
}

async function killBoth(): Promise<number> {
  const victim = await natsLeader();
  const leader = coordinators.leader!;
  const assigned = nextAssignment('session');
  void servers.kill(victim);
  void coordinators.kill(leader);
  const ms = await assigned;
  servers.up(victim);
  await coordinators.up(leader);
  return ms;
}

async function natsLeader(): Promise<number> {
  for (;;) {
    const leader = await servers.leaderOf(connection, names.logStream);
    if (leader !== undefined) return leader;
    await pause(50);
  }
}

/** Milliseconds from now to the next assignment: by a session that is attached from now on, or after a pause. */
async function nextAssignment(by: 'session' | 'pause'): Promise<number> {
  const diedAt = Date.now();
  client.send({ diedAt, by });
  const [{ assignedAt }] = (await once(client, 'message')) as [{ assignedAt: number }];
  return assignedAt - diedAt;
}
