import path from 'node:path';
import { checkEntrance, openEntrance } from './access/entrance.js';
import { openSqliteTokens } from './access/sqlite-store.js';
import { isLoopback } from './address.js';
import { openDirectoryArtifacts } from './artifacts/directory.js';
import { runInCluster } from './cluster.js';
import type { CoordinatorConfig } from './config.js';
import { ConfigError } from './errors.js';
import { openSqliteLog } from './event-log/sqlite.js';
import { createEventLogger } from './event-logger.js';
import { heartbeatOf, leaseOf, openFaces } from './faces.js';
import { lead } from './lead.js';
import { type Monitoring, openMonitoring } from './monitoring/monitoring.js';
import { noticeTargets } from './notices/notifier.js';
import { openDoor } from './rpc/server.js';
import { openDirectorySnapshots } from './snapshots/directory.js';
import { Snapshots } from './snapshots/snapshots.js';
import { holdStateDirectory } from './state-directory.js';

/**
 * Runs a coordinator until its signal is aborted. What it acknowledged is in its log; the next one on the same log goes on
 * where this one stopped.
 *
 * @throws {ConfigError} when it cannot start with this configuration
 */
export async function runCoordinator(config: CoordinatorConfig): Promise<void> {
  check(config);
  const monitoring = await openMonitoring(config);
  try {
    if (config.cluster === undefined) await runAlone(config, monitoring);
    else await runInCluster(config, config.cluster, monitoring);
  } finally {
    await monitoring.close();
  }
  config.logger.info('coordinator stops');
}

/** The only one, with its log in a folder. */
async function runAlone(config: CoordinatorConfig, monitoring: Monitoring): Promise<void> {
  const { listen, logger, signal } = config;
  const state = holdStateDirectory(config.state);
  const log = openSqliteLog(state.logFile);
  const artifacts = openDirectoryArtifacts(state.artifacts);
  const closers: (() => Promise<void>)[] = [];
  const snapshotStore = openDirectorySnapshots(state.snapshots);
  const snapshots = new Snapshots({ store: snapshotStore, log, logger });
  try {
    const entrance = await openEntrance(config, {
      openStore: () => openSqliteTokens(config.state),
      firstAdminFile: path.join(config.state, 'admin.token'),
      logger,
    });
    closers.push(() => entrance.close());
    monitoring.guard(entrance.gate);
    const server = await openDoor(listen, entrance);
    const { door, address } = server;
    await lead({
      log,
      from: await snapshots.restore(),
      snapshots,
      artifacts,
      leaseMs: leaseOf(config),
      logger,
      followers: [createEventLogger(logger)],
      open: (led) =>
        openFaces(led, {
          config,
          log,
          artifacts,
          entrance,
          door,
          monitoring,
          onLeading: (dashboard) => {
            logger.info({ address, dashboard, state: config.state }, 'coordinator listens');
            config.onListening(address, dashboard);
          },
          leave: () => server.close(),
        }),
      until: aborted(signal),
    }).finally(() => server.close());
  } finally {
    for (const close of closers) await close();
    await artifacts.close();
    await snapshotStore.close();
    await log.close();
    state.release();
  }
}

function check(config: CoordinatorConfig): void {
  if (config.notices !== undefined) noticeTargets(config.notices);
  const { listen, http, metrics } = config;
  const [heartbeatMs, leaseMs] = [heartbeatOf(config), leaseOf(config)];
  const addresses = [listen, http, metrics].filter((one) => typeof one === 'string');
  checkEntrance(addresses, config);
  const open = addresses.filter((address) => !isLoopback(address));
  if (config.insecure === true) {
    config.logger.warn({ addresses: open }, 'insecure: anyone who reaches these may do everything, in plain text');
  }
  if (!(heartbeatMs >= 10)) throw new ConfigError(`heartbeat ${heartbeatMs} ms must be at least 10 ms`);
  if (!(leaseMs >= 3 * heartbeatMs)) {
    throw new ConfigError(
      `lease ${leaseMs} ms must be at least three heartbeats (${3 * heartbeatMs} ms), or a late one loses trials`,
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
