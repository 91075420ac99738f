import type { Logger } from 'pino';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { checkServerVersion } from './requirements.js';

const varz = z.object({
  server_name: z.string().default('unnamed'),
  version: z.string().default('unknown'),
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().default(false) }).optional() }).optional(),
});

const TIMEOUT_MS = 3_000;

/**
 * Asks the servers' monitoring ports for what a client is not told: whether each append is on disk before it is
 * acknowledged (`sync_interval: always`), and the version of every server, not only of the one that is connected to.
 *
 * @param monitors such as http://a:8222, one for each server; empty: it cannot be known, which is said
 * @throws {ConfigError} when a server is too old
 */
export async function checkServers(monitors: readonly string[], logger: Logger): Promise<void> {
  if (monitors.length === 0) {
    logger.warn(
      'whether NATS syncs every append to disk is not known: with less than `sync_interval: always` a power cut of most servers at once loses acknowledged results, by default of the last two minutes; name the monitoring ports with --nats-monitor to have it checked',
    );
  }
  await Promise.all(monitors.map((monitor) => checkServer(monitor, logger)));
}

async function checkServer(monitor: string, logger: Logger): Promise<void> {
  let found: z.infer<typeof varz>;
  try {
    const response = await fetch(new URL('/varz', monitor), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    found = varz.parse(await response.json());
  } catch (error) {
    // A server may be down: that is what the others are for.
    logger.warn({ monitor, reason: String(error) }, "a NATS server's settings could not be read");
    return;
  }
  const { server_name: server, version, jetstream } = found;
  const { fault, warning } = checkServerVersion(version);
  if (fault !== undefined) throw new ConfigError(`${monitor}: ${fault}`);
  if (warning !== undefined) logger.warn({ server, version }, warning);
  if (jetstream?.config?.sync_always === true) return;
  logger.warn(
    { server },
    'this NATS server has no `sync_interval: always`: a power cut of most servers at once loses acknowledged results, by default of the last two minutes',
  );
}
