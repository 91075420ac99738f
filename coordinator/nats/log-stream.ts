import { setTimeout as pause } from 'node:timers/promises';
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { ConfigError } from '../errors.js';
import type { ClusterNames } from './names.js';
import { checkLogStream } from './requirements.js';

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;
const REPLICAS_WITHOUT_CLUSTER = 10074;
const JETSTREAM_NOT_ENABLED = [10039, 10076];

/** How long the servers may take to become a cluster before their refusals are believed, milliseconds. */
const FORMING_MS = 30_000;

/**
 * Creates the stream of the event log where it is missing, and reads back how it is set up. Waits while JetStream has no
 * leader yet.
 *
 * @throws {ConfigError} when the stream cannot be made, or loses what is appended to it
 */
export async function prepareLogStream(
  connection: NatsConnection,
  names: ClusterNames,
  replicas: number,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const since = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      const manager = await jetstreamManager(connection, { timeout: 2_000 });
      const { config } = await findOrAdd(manager, names, replicas);
      const findings = checkLogStream(config, names.logSubject);
      const faults = findings.flatMap(({ fault }) => fault ?? []);
      if (faults.length > 0) throw new ConfigError(faults.join('\n'));
      for (const { warning } of findings) if (warning !== undefined) logger.warn(warning);
      if (config.num_replicas !== replicas) {
        logger.warn({ replicas: config.num_replicas, asked: replicas }, 'the log has another number of replicas');
      }
      return;
    } catch (error) {
      if (error instanceof ConfigError || signal.aborted) throw error;
      const fatal = explain(error, replicas, performance.now() - since > FORMING_MS);
      if (fatal !== undefined) throw new ConfigError(`stream ${names.logStream}: ${fatal}`, { cause: error });
      if (tries === 0) logger.warn({ reason: String(error) }, 'waiting for JetStream');
      await pause(250, undefined, { signal });
    }
  }
}

async function findOrAdd(manager: JetStreamManager, names: ClusterNames, replicas: number): Promise<StreamInfo> {
  try {
    return await manager.streams.info(names.logStream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error;
  }
  try {
    return await manager.streams.add({
      name: names.logStream,
      description: 'The event log of an Assay cluster. Every message is one batch of events; do not publish to it.',
      subjects: [names.logSubject],
      num_replicas: replicas,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      deny_delete: true,
      deny_purge: true,
      allow_rollup_hdrs: false,
      // Reads are answered by the stream's leader alone, which has all that was acknowledged.
      allow_direct: false,
    });
  } catch (error) {
    // Another coordinator was faster.
    if (error instanceof JetStreamApiError && error.code === STREAM_NAME_IN_USE) {
      return manager.streams.info(names.logStream);
    }
    throw error;
  }
}

/** Why trying again is of no use; undefined while it is. */
function explain(error: unknown, replicas: number, patienceIsOver: boolean): string | undefined {
  if (!(error instanceof JetStreamApiError)) return undefined;
  if (error.code === REPLICAS_WITHOUT_CLUSTER) {
    return `${replicas} replicas need a NATS cluster, and this server is alone: start it with its peers, or say --log-replicas 1 to do without`;
  }
  if (JETSTREAM_NOT_ENABLED.includes(error.code)) return `the NATS server has no JetStream (${error.message})`;
  return patienceIsOver ? error.message : undefined;
}
