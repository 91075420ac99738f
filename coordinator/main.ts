import { openDirectoryArtifacts } from './artifacts/directory.js';
import { runInCluster } from './cluster.js';
import type { CoordinatorConfig } from './config.js';
import { ConfigError } from './errors.js';
import { openSqliteLog } from './event-log/sqlite.js';
import { lead } from './lead.js';
import { type Monitoring, openMonitoring } from './monitoring/monitoring.js';
import { noticeTargets } from './notices/notifier.js';
import { isLoopback, openDoor } from './rpc/server.js';
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
  try {
    const server = await openDoor(listen);
    const { door, address } = server;
    await lead({
      config,
      log,
      artifacts,
      door,
      monitoring,
      onLeading: (dashboard) => {
        logger.info({ address, dashboard, state: config.state }, 'coordinator listens');
        config.onListening(address, dashboard);
      },
      until: aborted(signal),
      leave: () => server.close(),
    }).finally(() => server.close());
  } finally {
    await artifacts.close();
    await log.close();
    state.release();
  }
}

function check(config: CoordinatorConfig): void {
  if (config.notices !== undefined) noticeTargets(config.notices);
  const { listen, http, metrics, insecure, heartbeatMs = 10_000, leaseMs = 60_000, logger } = config;
  for (const address of [listen, http, metrics].filter((one) => typeof one === 'string')) {
    if (isLoopback(address)) continue;
    if (insecure === true) {
      logger.warn({ address }, 'insecure: anyone who reaches it may use it');
      continue;
    }
    throw new ConfigError(
      `${address} can be reached from other machines, and this version has neither TLS nor tokens: listen on 127.0.0.1, or say --insecure on a network where you trust everybody`,
    );
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
