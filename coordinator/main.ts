import type { Logger } from 'pino';
import { openDirectoryArtifacts } from './artifacts/directory.js';
import { createArtifactKeeper } from './artifacts/keeper.js';
import { Coordinator } from './coordinator.js';
import { startDashboard } from './dashboard/server.js';
import { ConfigError } from './errors.js';
import { openSqliteLog } from './event-log/sqlite.js';
import { createEventLogger } from './event-logger.js';
import { isLoopback, type RunningServer, startServer } from './rpc/server.js';
import { holdStateDirectory } from './state-directory.js';

export interface CoordinatorConfig {
  /** host:port to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** Folder of the event log; created where it is missing. */
  readonly state: string;
  /** How often workers are to be heard, in milliseconds; 10 s when absent. */
  readonly heartbeatMs?: number | undefined;
  /** How long a silent worker's attempts live, in milliseconds; 60 s when absent. */
  readonly leaseMs?: number | undefined;
  /** Largest artifact (weights, checkpoint, uploaded code) that is taken, in bytes; 1 GiB when absent. */
  readonly maxArtifactBytes?: number | undefined;
  /**
   * host:port of the dashboard; false for none. Absent: the usual one, or a free port of this machine where that is taken.
   */
  readonly http?: string | false | undefined;
  /** Allows an address that others can reach, without TLS and without tokens. */
  readonly insecure?: boolean | undefined;
  readonly logger: Logger;
  /** Aborted: shut down in order. */
  readonly signal: AbortSignal;
  /** Called once the doors are open, with the address of each; no dashboard has none. */
  readonly onListening: (address: string, dashboard: string | undefined) => void;
}

/** An artifact that nothing refers to may be of an upload whose event is on its way: so long, milliseconds. */
const ORPHAN_GRACE_MS = 3_600_000;
/** Between two searches for such artifacts. */
const SWEEP_MS = 600_000;

/**
 * Runs a coordinator until its signal is aborted. What it acknowledged is in its state folder; the next one on the same
 * folder goes on where this one stopped.
 *
 * @throws {ConfigError} when it cannot start with this configuration
 */
export async function runCoordinator(config: CoordinatorConfig): Promise<void> {
  const { listen, logger, signal, heartbeatMs = 10_000, leaseMs = 60_000, maxArtifactBytes = 2 ** 30 } = config;
  check(config, heartbeatMs, leaseMs);
  const state = holdStateDirectory(config.state);
  const log = openSqliteLog(state.logFile);
  const artifacts = openDirectoryArtifacts(state.artifacts);
  try {
    let onFailure: (error: unknown) => void = () => {};
    const failure = new Promise<never>((_, reject) => {
      onFailure = reject;
    });
    failure.catch(() => {});
    const coordinator = await Coordinator.open({ log, leaseMs, onFailure });
    coordinator.follow(createEventLogger(logger));
    const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: ORPHAN_GRACE_MS });
    const sweep = (): void => {
      keeper.sweep().catch((error: unknown) => logger.warn({ err: error }, 'artifacts could not be swept'));
    };
    const server = await startServer(listen, {
      coordinator,
      heartbeatMs,
      leaseMs,
      artifacts,
      keeper,
      maxArtifactBytes,
      logger,
    });
    const dashboard = await openDashboard(config, coordinator).catch((error: unknown) => {
      server.close();
      throw error;
    });
    const ticker = setInterval(
      () => coordinator.post({ type: 'CheckDeadlines' }, () => {}),
      Math.min(1000, leaseMs / 4),
    );
    const sweeper = setInterval(sweep, SWEEP_MS);
    sweep();
    try {
      if (!isLoopback(listen)) logger.warn({ address: server.address }, 'insecure: anyone who reaches it may use it');
      logger.info(
        { address: server.address, dashboard: dashboard?.address, state: config.state, leaseMs },
        'coordinator listens',
      );
      config.onListening(server.address, dashboard?.address);
      await Promise.race([aborted(signal), failure]);
      logger.info('coordinator stops');
    } finally {
      clearInterval(ticker);
      dashboard?.close();
      clearInterval(sweeper);
      server.close();
      await coordinator.settled();
      await keeper.settled();
    }
  } finally {
    await artifacts.close();
    await log.close();
    state.release();
  }
}

async function openDashboard(
  { http, logger }: CoordinatorConfig,
  coordinator: Coordinator,
): Promise<RunningServer | undefined> {
  return http === false ? undefined : startDashboard(http, { coordinator, logger });
}

function check({ listen, http, insecure }: CoordinatorConfig, heartbeatMs: number, leaseMs: number): void {
  for (const address of [listen, ...(typeof http === 'string' ? [http] : [])]) {
    if (isLoopback(address) || insecure === true) continue;
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
