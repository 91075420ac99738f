import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import type { Assigned } from './client.js';
import { fromNats, fromPino, type Told, timeline } from './timeline.js';

/*
 * What a death costs: three coordinators and three nats-servers on this machine, load on all of it, and one after the other
 * is killed with SIGKILL - the coordinator that leads, the NATS server that leads the log, both. Prints how long it took
 * from the death to the next assignment, and whether any acknowledged result was lost or any trial counted twice. Of what
 * took longer than the bound it prints what everybody logged meanwhile; of everything with --timelines.
 *
 *   npm run bench:failover [-- --kills 50 --nats-kills 20 --both-kills 5 --workers 8 --slots 2 --trial-ms 150] [--timelines]
 */

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    'nats-kills': { type: 'string', default: '20' },
    'both-kills': { type: 'string', default: '5' },
    workers: { type: 'string', default: '8' },
    slots: { type: 'string', default: '2' },
    'trial-ms': { type: 'string', default: '150' },
    timelines: { type: 'boolean', default: false },
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
const workersLog = path.join(folder, 'workers.log');
writeFileSync(acknowledged, '');
const names = clusterNames('main');
const servers = await NatsServers.start({ count: 3 });
const connection = await servers.connect();
const addresses = await Promise.all([0, 1, 2].map(async () => `127.0.0.1:${await freePort()}`));
const coordinators = new CoordinatorCluster({ log: servers.url, addresses, args: ['--log-level', 'debug'] });
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
  workersLog,
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
async function measure(what: string, kills: number, kill: () => Promise<Recovery>): Promise<void> {
  const times: number[] = [];
  const ours: number[] = [];
  for (let i = 0; i < kills; i += 1) {
    await healthy();
    // Anywhere between two renewals of the lease.
    await pause(500 + Math.random() * 1_000);
    const before = Date.now();
    const { terms } = coordinators;
    const { assignedMs, electedMs } = await kill();
    times.push(assignedMs);
    ours.push(assignedMs - (electedMs ?? 0));
    const led = coordinators.lines.findLast(({ msg }) => msg === 'leads')!.at - before;
    const who = coordinators.terms === terms ? 'the same leads' : `led after ${seconds(led)}`;
    const election = electedMs === undefined ? '' : `, the log's servers had elected after ${seconds(electedMs)}`;
    console.log(`${what} ${i + 1}/${kills}: next assignment after ${seconds(assignedMs)} (${who}${election})`);
    if (values.timelines || assignedMs > BOUND_MS) console.log(timeline(told(), before, before + assignedMs));
  }
  if (kills === 0) return;
  const late = times.filter((ms) => ms > BOUND_MS).length;
  const beside = kill === killCoordinator ? '' : `; after the election of the log's servers ${spread(ours)}`;
  summary.push(
    `${what}, ${kills} times: next assignment after ${spread(times)}; ${late} above ${seconds(BOUND_MS)}${beside}`,
  );
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${seconds(sorted[sorted.length >> 1]!)} (median), ${seconds(sorted.at(-1)!)} (worst)`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** What coordinators, workers and NATS servers have logged. */
function told(): Told[] {
  const workers = readFileSync(workersLog, 'utf8').split('\n');
  return [
    ...coordinators.lines.flatMap(({ coordinator, line }) => fromPino(`c${coordinator}`, line) ?? []),
    ...workers.flatMap((line) => fromPino('workers', line) ?? []),
    ...fromNats(servers.folder),
  ];
}

/** Until a coordinator leads, two stand by, and NATS has everything three times. */
async function healthy(): Promise<void> {
  await coordinators.until('a leader', () => coordinators.leader !== undefined);
  while (!(await servers.isWhole(connection, names.logStream))) await pause(50);
  while (!(await servers.isWhole(connection, `KV_${names.leaseBucket}`))) await pause(50);
}

async function killCoordinator(): Promise<Recovery> {
  const leader = coordinators.leader!;
  const assigned = nextAssignment();
  void coordinators.kill(leader);
  const recovery = await assigned;
  await coordinators.up(leader);
  return recovery;
}

/** The sessions may live on: what counts is the first assignment after the log has a leader again. */
async function killNats(): Promise<Recovery> {
  const victim = await natsLeader();
  const assigned = nextAssignment(victim);
  void servers.kill(victim);
  const recovery = await assigned;
  servers.up(victim);
  return recovery;
}

async function killBoth(): Promise<Recovery> {
  const victim = await natsLeader();
  const leader = coordinators.leader!;
  const assigned = nextAssignment(victim);
  void servers.kill(victim);
  void coordinators.kill(leader);
  const recovery = await assigned;
  servers.up(victim);
  await coordinators.up(leader);
  return recovery;
}

async function natsLeader(): Promise<number> {
  for (;;) {
    const leader = await servers.leaderOf(connection, names.logStream);
    if (leader !== undefined) return leader;
    await pause(50);
  }
}

/** What a death cost, milliseconds since it. */
interface Recovery {
  readonly assignedMs: number;
  /** When the log's servers had elected a leader, where theirs was killed. */
  readonly electedMs?: number;
}

/**
 * The first assignment that is owed to what came after a death that happens now.
 *
 * @param victim the NATS server that dies; without one it is a coordinator, and what comes by a session that was attached
 *   before does not count
 */
function nextAssignment(victim?: number): Promise<Recovery> {
  const diedAt = Date.now();
  return new Promise((resolve) => {
    const decide = ({ at, attachedAt }: Assigned): void => {
      let elected: number | undefined;
      if (victim === undefined) {
        if (attachedAt < diedAt) return;
      } else {
        elected = electionSince(diedAt);
        if (elected === undefined || at < elected) return;
      }
      client.send({ watched: false });
      client.off('message', decide);
      resolve({ assignedMs: at - diedAt, ...(elected === undefined ? {} : { electedMs: elected - diedAt }) });
    };
    client.on('message', decide);
    client.send({ watched: true });
  });
}

/** When the NATS servers elected a leader of the log, by their own logs; undefined while they have not. */
function electionSince(moment: number): number | undefined {
  const elected = `new stream leader for '$G > ${names.logStream}'`;
  const found = fromNats(servers.folder).filter(({ at, what }) => at >= moment && what.includes(elected));
  return found.length === 0 ? undefined : Math.min(...found.map(({ at }) => at));
}
