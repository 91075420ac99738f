import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Entrance, openEntrance } from './access/entrance.js';
import { openNatsTokens } from './access/nats-store.js';
import { parseAddress } from './address.js';
import { openNatsArtifacts } from './artifacts/nats.js';
import type { ArtifactStore } from './artifacts/port.js';
import { LeaderLease } from './cluster/lease.js';
import type { ClusterConfig, CoordinatorConfig } from './config.js';
import { ConfigError } from './errors.js';
import { openJetStreamLog } from './event-log/jetstream.js';
import { type ClusterLog, LogConflictError } from './event-log/port.js';
import { lead } from './lead.js';
import type { Monitoring } from './monitoring/monitoring.js';
import { connectNats } from './nats/connection.js';
import { createEventPublisher } from './nats/event-publisher.js';
import { openNatsLeaseEntry } from './nats/lease-entry.js';
import { prepareLogStream } from './nats/log-stream.js';
import { checkServers } from './nats/monitoring.js';
import { CLUSTER_NAME, type ClusterNames, clusterNames } from './nats/names.js';
import { Replica } from './replica.js';
import type { Door } from './rpc/door.js';
import { createStandbyServices, openDoor } from './rpc/server.js';
import { openNatsSnapshots } from './snapshots/nats.js';
import type { SnapshotStore } from './snapshots/port.js';
import { Snapshots } from './snapshots/snapshots.js';

/** Events that a new leader publishes again, because its predecessor may have died between an append and its publishing. */
const REPEATED_EVENTS = 256;
/** How long who steps down because of a conflict leaves the lease to others, milliseconds. */
const AFTER_CONFLICT_MS = 500;
/** How long what is being appended may take at the end of a term, milliseconds. */
const SETTLE_MS = 2_000;

/** How long a snapshot is waited for, milliseconds; its stream may have no leader, and the log has it all. */
const SNAPSHOT_MS = 10_000;

/** What a member keeps through all of its terms. */
interface Member {
  readonly config: CoordinatorConfig;
  readonly connection: NatsConnection;
  readonly names: ClusterNames;
  readonly lease: LeaderLease;
  readonly artifacts: ArtifactStore;
  readonly entrance: Entrance;
  readonly snapshotStore: SnapshotStore;
  readonly door: Door;
  readonly address: string;
  readonly monitoring: Monitoring;
}

/**
 * Runs one coordinator of a cluster until its signal is aborted: it stands by, with a copy of the state that follows the
 * log, until it takes the lease; then it leads until it loses that, or the race for the log's head. Whatever it had in
 * memory then is thrown away, and it stands by again with what the log says.
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
    const member = { config, connection, names, lease, artifacts, snapshotStore, entrance, door, address, monitoring };
    while (!signal.aborted) await serve(member);
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

/** Standing by and, when the lease is taken, leading. */
async function serve(member: Member): Promise<void> {
  const { config, connection, names } = member;
  const { logger } = config;
  const log = await openJetStreamLog(connection, names);
  try {
    const snapshots = new Snapshots({ store: member.snapshotStore, log, logger, patienceMs: SNAPSHOT_MS });
    const replica = await standBy(member, log, snapshots);
    if (replica === undefined) return;
    await term(member, log, snapshots, replica);
  } catch (error) {
    if (!(error instanceof LogConflictError)) throw error;
    logger.warn({ reason: error.message }, 'steps down: another coordinator has written to the log');
    await pause(AFTER_CONFLICT_MS, undefined, { signal: config.signal }).catch(() => {});
  } finally {
    await log.close();
  }
}

/** Follows the log until the lease is taken; undefined when the signal was aborted first. */
async function standBy(
  { config, lease, door, monitoring }: Member,
  log: ClusterLog,
  snapshots: Snapshots,
): Promise<Replica | undefined> {
  const { logger, signal } = config;
  const replica = new Replica(REPEATED_EVENTS, snapshots, await snapshots.restore());
  const caughtUp = monitoring.standBy(replica, log, lease);
  // Only who is up to date may lead: nobody waits for a replay then.
  await replica.follow(log.read(replica.head));
  caughtUp();
  logger.info({ head: replica.head }, 'stands by');
  door.standBy(lease, createStandbyServices({ look: async (look) => look(replica.state), logger }));
  const decided = new AbortController();
  const either = AbortSignal.any([signal, decided.signal]);
  const following = replica.follow(log.follow(replica.head, either));
  // A log that cannot be read ends the waiting.
  following.catch(() => decided.abort());
  const taken = await lease.take(either);
  decided.abort();
  if (taken) logger.info({ head: replica.head }, 'has the lease');
  await following;
  return taken ? replica : undefined;
}

/** Leads while the lease is held. */
async function term(member: Member, log: ClusterLog, snapshots: Snapshots, replica: Replica): Promise<void> {
  const { config, connection, names, lease, artifacts, entrance, door, address, monitoring } = member;
  const { logger, signal } = config;
  const over = new AbortController();
  const publisher = createEventPublisher(connection, names, logger);
  const lost = lease.hold(AbortSignal.any([signal, over.signal]), log);
  let leading = false;
  let givenUp = false;
  // The log is waited for while it does not answer, but not for longer than the lease is held.
  void lost.then(() => {
    givenUp = !leading;
    return leading ? undefined : log.close();
  });
  try {
    await lead({
      config,
      log,
      from: replica,
      snapshots,
      artifacts,
      entrance,
      door,
      monitoring,
      followers: [publisher],
      onLeading: (dashboard) => {
        leading = true;
        logger.info({ address, dashboard, head: replica.head }, 'leads');
        publisher.publish(replica.recent, replica.state.events);
      },
      until: lost,
      leave: () => door.standBy(lease),
      settleMs: SETTLE_MS,
    });
  } catch (error) {
    if (!givenUp) throw error;
  } finally {
    over.abort();
    await lease.release();
  }
  const reason = await lost;
  if (reason !== '') logger.warn({ reason }, 'steps down: the lease is lost');
}
