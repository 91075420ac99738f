import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { Logger } from 'pino';
import { ConfigError } from '../errors.js';

const REPLICAS_WITHOUT_CLUSTER = 10074;
const JETSTREAM_NOT_ENABLED: readonly number[] = [10039, 10076];

/** How long the servers may take to become a cluster before their refusals are believed, milliseconds. */
const FORMING_MS = 30_000;

/** What is set up on JetStream, for the messages. */
export interface Setup {
  /** For example "stream ASSAY_main_LOG". */
  readonly what: string;
  readonly replicas: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Does something with JetStream as soon as it can be done: servers that have just started have no leader yet, and not all
 * of their peers.
 *
 * @throws {ConfigError} when waiting would not help
 */
export async function whenReady<T>(setup: Setup, action: () => Promise<T>): Promise<T> {
  const since = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (error instanceof ConfigError || setup.signal.aborted) throw error;
      const why = explain(error, setup.replicas, performance.now() - since > FORMING_MS);
      if (why !== undefined) throw new ConfigError(`${setup.what}: ${why}`, { cause: error });
      if (tries === 0) setup.logger.warn({ what: setup.what, reason: String(error) }, 'waiting for JetStream');
    }
    await pause(250, undefined, { signal: setup.signal });
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
