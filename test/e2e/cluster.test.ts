import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClient, type StudyClient } from '../../cli/client.js';
import { clusterNames } from '../../coordinator/nats/names.js';
import { freePort, NATS, NatsServers } from '../nats/servers.js';
import { CoordinatorCluster } from './cluster.js';
import { World, waitFor } from './processes.js';

/*
 * Three coordinators and three nats-servers, all of them real processes. How long a death costs is measured by
 * `npm run bench:failover`; here it is shown that none costs a result.
 */

interface TrialJson {
  readonly state: string;
  readonly attempts: { worker: string; end: string }[];
}

const TRIALS = 40;
const names = clusterNames('main');

let world: World;
let servers: NatsServers;
let coordinators: CoordinatorCluster;
let client: StudyClient;
beforeEach(async (test) => {
  if (NATS.missing !== undefined) test.skip(NATS.missing);
  world = new World();
  servers = await NatsServers.start({ count: 3 });
  const addresses = await Promise.all([0, 1, 2].map(async () => `127.0.0.1:${await freePort()}`));
  coordinators = new CoordinatorCluster({ log: servers.url, addresses });
  await Promise.all([0, 1, 2].map((i) => coordinators.up(i)));
  world.address = coordinators.addresses;
  client = openClient(coordinators.addresses);
}, 120_000);
afterEach(async () => {
  client?.close();
  await world?.close();
  await coordinators?.close();
  await servers?.close();
}, 60_000);

const done = async (): Promise<number> => (await client.getLeaderboard('', 1)).study?.counts?.complete ?? 0;

async function submit(): Promise<void> {
  const file = path.join(world.folder, 'search.yaml');
  writeFileSync(
    file,
    `
name: cluster
metric: {name: value, goal: maximize}
budget: {trials: ${TRIALS}}
seed: 7
sampler: random
pruner: none
"null": {steps: 5, value: $x, delay_ms: 60}
space: {x: {float: [0, 1]}}
`,
  );
  expect(await world.run('submit', file)).toMatchObject({ code: 0, stdout: 'cluster\n' });
}

async function leaderOfLog(): Promise<number> {
  const connection = await servers.connect();
  try {
    return await waitFor('a leader of the log', async () => {
      const leader = await servers.leaderOf(connection, names.logStream);
      return leader === undefined ? false : { leader };
    }).then(({ leader }) => leader);
  } finally {
    await connection.close();
  }
}

describe('a cluster of three coordinators on three NATS servers', () => {
  it('loses no result and runs no trial twice, whoever is killed: the leader, the log, both', {
    timeout: 240_000,
  }, async () => {
    await submit();
    world.worker('steady', '--slots', '2');
    await waitFor('the first results', async () => (await done()) >= 5);

    await coordinators.until('a leader', () => coordinators.leader !== undefined);
    const first = coordinators.leader!;
    await coordinators.kill(first);
    await coordinators.until('a standby to lead', () => coordinators.leader !== undefined);
    expect(coordinators.leader).not.toBe(first);
    const afterFirst = await done();
    await waitFor('results after the coordinator', async () => (await done()) > afterFirst + 2);
    await coordinators.up(first);

    const log = await leaderOfLog();
    await servers.kill(log);
    const afterLog = await done();
    await waitFor('results after the NATS server', async () => (await done()) > afterLog + 2);
    servers.up(log);

    const connection = await servers.connect();
    await waitFor('NATS to be whole', () => servers.isWhole(connection, names.logStream));
    await connection.close();
    const both = await leaderOfLog();
    await coordinators.until('a leader', () => coordinators.leader !== undefined);
    await Promise.all([servers.kill(both), coordinators.kill(coordinators.leader!)]);

    await waitFor('the study to finish', async () => (await done()) === TRIALS, 120_000);
    const { trials } = await world.json<{ trials: TrialJson[] }>('trials', 'cluster', '--json');
    expect(trials.map(({ state }) => state)).toEqual(Array.from({ length: TRIALS }, () => 'complete'));
    // What was handed out in the moment of a death may have been lost on its way; nothing ends well twice.
    const ends = trials.map(({ attempts }) => attempts.filter(({ end }) => end === 'completed').length);
    expect(ends).toEqual(Array.from({ length: TRIALS }, () => 1));
  });

  it('a leader that was asleep finds that another one leads, and stands by', { timeout: 120_000 }, async () => {
    await submit();
    await coordinators.until('a leader', () => coordinators.leader !== undefined);
    const sleeper = coordinators.leader!;
    coordinators.signal(sleeper, 'SIGSTOP');
    await coordinators.until('another one to lead', () => coordinators.leader !== sleeper);
    const heir = coordinators.leader!;
    coordinators.signal(sleeper, 'SIGCONT');
    await coordinators.until('the sleeper to step down', () =>
      coordinators.lines.some(({ coordinator, msg }) => coordinator === sleeper && msg.startsWith('steps down')),
    );
    expect(coordinators.leader).toBe(heir);
    // A client that asks the one that stepped down is sent on.
    world.address = coordinators.addresses.split(',')[sleeper]!;
    expect(await world.json('studies', '--json')).toMatchObject([{ id: 'cluster', state: 'running' }]);
  });
});
