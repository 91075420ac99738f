import { jetstreamManager } from '@nats-io/jetstream';
import type { Logger } from 'pino';
import { ConfigError } from '../errors.js';
import { openJetStreamLog } from '../event-log/jetstream.js';
import type { LogReader } from '../event-log/port.js';
import { connectNats, type NatsConfig } from './connection.js';
import { CLUSTER_NAME, clusterNames } from './names.js';

/** How long NATS may take to be there, milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Opens a cluster's log to be read, while its coordinators run or not. Nothing is created on NATS but readers that it
 * forgets by itself.
 *
 * @throws {ConfigError} when NATS is not there, does not let us in, or has no such log
 */
export async function readJetStreamLog(config: NatsConfig, cluster: string, logger: Logger): Promise<LogReader> {
  if (!CLUSTER_NAME.test(cluster)) throw new ConfigError(`${JSON.stringify(cluster)} is no name of a cluster`);
  const names = clusterNames(cluster);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const connection = await connectNats(config, 'assay reader', logger, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    const at = config.servers.join(', ');
    throw new ConfigError(`NATS at ${at} does not answer in ${PATIENCE_MS / 1000} s`, { cause: error });
  });
  try {
    const manager = await jetstreamManager(connection, { timeout: PATIENCE_MS });
    await manager.streams.info(names.logStream);
  } catch (error) {
    await connection.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`NATS has no log of a cluster ${JSON.stringify(cluster)} (${names.logStream}: ${why})`, {
      cause: error,
    });
  }
  const log = await openJetStreamLog(connection, names);
  return {
    read: (after) => log.read(after),
    close: async () => {
      await log.close();
      await connection.close();
    },
  };
}
