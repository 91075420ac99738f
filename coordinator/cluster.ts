import { randomUUID } from 'node:crypto';
import { openEntrance } from './access/entrance.js';
import { openNatsTokens } from './access/nats-store.js';
import { parseAddress } from './address.js';
import { openNatsArtifacts } from './artifacts/nats.js';
import { LeaderLease } from './cluster/lease.js';
import { runMember } from './cluster/member.js';
import type { ClusterConfig, CoordinatorConfig } from './config.js';
import { ConfigError } from './errors.js';
import { openJetStreamLog } from './event-log/jetstream.js';
import { createEventLogger } from './event-logger.js';
import { leaseOf, openFaces } from './faces.js';
import type { Monitoring } from './monitoring/monitoring.js';
import { connectNats } from './nats/connection.js';
import { createEventPublisher } from './nats/event-publisher.js';
import { openNatsLeaseEntry } from './nats/lease-entry.js';
import { prepareLogStream } from './nats/log-stream.js';
import { checkServers } from './nats/monitoring.js';
import { CLUSTER_NAME, clusterNames } from './nats/names.js';
import { createStandbyServices, openDoor } from './rpc/server.js';
import { openNatsSnapshots } from './snapshots/nats.js';
import { Snapshots } from './snapshots/snapshots.js';

/** How long a snapshot is waited for, milliseconds; its stream may have no leader, and the log has it all. */
const SNAPSHOT_MS = 10_000;

/**
 * Runs one coordinator of a cluster on NATS until its signal is aborted. What it does in its turns stands in
 * `cluster/member.ts`, what it needs for that of NATS and of its own machine is put together here.
 *
 * @throws {ConfigError} when it cannot start with this configuration
 */
export async function runInCluster(
  config: CoordinatorConfig,
  cluster: ClusterConfig,
  monitoring: Monitoring,
): Promise<void> {
  const { logger, signal } = config;
  const { replicas } = cluster;
  check(config, cluster);
  const names = clusterNames(cluster.name);
  const connection = await connectNats(cluster.nats, `assay coordinator ${cluster.name}`, logger, signal);
  const closers: (() => unknown)[] = [() => connection.close()];
  try {
    await checkServers(cluster.monitors, logger);
    await prepareLogStream(connection, names, replicas, logger, signal);
    const setup = { replicas, logger, signal };
    const artifacts = await openNatsArtifacts(connection, names, setup);
    closers.push(() => artifacts.close());
    const snapshotStore = await openNatsSnapshots(connection, names, setup);
    closers.push(() => snapshotStore.close());
    const entrance = await openEntrance(config, {
      openStore: () => openNatsTokens(connection, names, setup),
      firstAdminFile: undefined,
      logger,
    });
    closers.push(() => entrance.close());
    monitoring.guard(entrance.gate);
    const server = await openDoor(config.listen, entrance);
    closers.push(() => server.close());
    const { door, address: bound } = server;
    const address = cluster.advertise ?? bound;
    const entry = await openNatsLeaseEntry(connection, names, setup);
    const lease = new LeaderLease(entry, { id: randomUUID(), address }, logger);
    door.standBy(lease);
    logger.info({ address, cluster: cluster.name, nats: connection.getServer() }, 'coordinator listens');
    config.onListening(bound, undefined);
    const publisher = createEventPublisher(connection, names, logger);
    await runMember({
      logger,
      signal,
      lease,
      openLog: () => openJetStreamLog(connection, names),
      openSnapshots: (log) => new Snapshots({ store: snapshotStore, log, logger, patienceMs: SNAPSHOT_MS }),
      reads: (replica, log) => monitoring.standBy(replica, log, lease),
      standsBy: ({ state }) =>
        door.standBy(lease, createStandbyServices({ look: async (look) => look(state), logger })),
      term: (replica, log) => ({
        artifacts,
        leaseMs: leaseOf(config),
        followers: [createEventLogger(logger), publisher],
        open: (led) =>
          openFaces(led, {
            config,
            log,
            artifacts,
            entrance,
            door,
            monitoring,
            onLeading: (dashboard) => {
              logger.info({ address, dashboard, head: replica.head }, 'leads');
              publisher.publish(replica.recent, replica.state.events);
            },
            leave: () => door.standBy(lease),
          }),
      }),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function check({ listen }: CoordinatorConfig, { name, advertise }: ClusterConfig): void {
  if (!CLUSTER_NAME.test(name)) {
    throw new ConfigError(
      `cluster ${JSON.stringify(name)} must be at most 32 letters, digits, _ and -, and begin with a letter or digit`,
    );
  }
  if (advertise !== undefined) parseAddress(advertise);
  else if (['0.0.0.0', '[::]'].includes(parseAddress(listen).host)) {
    throw new ConfigError(
      `${listen} is no address that others can be sent to: say with --advertise HOST:PORT where workers and clients reach this coordinator`,
    );
  }
}
