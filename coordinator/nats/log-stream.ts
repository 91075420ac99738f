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
import { whenReady } from './when-ready.js';

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;

/**
 * Creates the stream of the event log where it is missing, and reads back how it is set up.
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
  const { config } = await whenReady({ what: `stream ${names.logStream}`, replicas, logger, signal }, async () =>
    findOrAdd(await jetstreamManager(connection, { timeout: 2_000 }), names, replicas),
  );
  const findings = checkLogStream(config, names.logSubject);
  const faults = findings.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  for (const { warning } of findings) if (warning !== undefined) logger.warn(warning);
  if (config.num_replicas === replicas) return;
  logger.warn({ replicas: config.num_replicas, asked: replicas }, 'the log has another number of replicas');
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
