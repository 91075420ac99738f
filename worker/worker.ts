import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Readiness } from './child-messages.js';
import type { WorkerConfig } from './config.js';
import type { DataPlaces } from './data-places.js';
import { WorkerError } from './errors.js';
import { createConnect } from './link.js';
import { availableDatasets } from './objectives/objective.js';
import { createWorkerSession, type WorkerProfile } from './session.js';
import { createSlots } from './slots.js';

export interface WorkerSurroundings {
  readonly logger: Logger;
  /** Aborted: drain, then end. */
  readonly signal: AbortSignal;
  /** The program's version, shown to people. */
  readonly version: string;
  /** The module that an attempt's process runs, where it is not the built one beside this file. */
  readonly childPath?: string | undefined;
}

/**
 * Attaches to a coordinator and runs attempts, until `signal` says to drain or the coordinator refuses this worker.
 * Waits for a coordinator that is not there yet.
 *
 * @throws {WorkerError} when the worker is refused, or the backend that was asked for does not run here
 */
export async function runWorker(config: WorkerConfig, surroundings: WorkerSurroundings): Promise<void> {
  const { signal, version, childPath } = surroundings;
  const { coordinator, name, backend, stopGraceMs } = config;
  const logger = surroundings.logger.child({ worker: name });
  const data = dataPlaces(config);
  const slots = createSlots({ slots: config.slots, backend, data, stopGraceMs, logger, childPath });
  try {
    const found = await slots.probe();
    if (signal.aborted) return;
    if (!found.ok && backend !== 'auto') {
      throw new WorkerError(`backend ${backend} cannot be used here: ${found.fault}`);
    }
    if (!found.ok) logger.warn({ fault: found.fault }, 'no training backend runs here: this worker cannot train');
    const profile = await describe(config, found, data, version);
    const { objectives, datasets } = profile;
    logger.info(
      { coordinator, slots: config.slots, backend: profile.backend, objectives, datasets },
      'worker is ready',
    );
    const session = createWorkerSession({
      profile,
      runner: slots,
      connect: createConnect(coordinator),
      logger,
      attachTimeoutMs: config.attachTimeoutMs,
      drainTimeoutMs: config.drainTimeoutMs,
      reconnectMaxMs: config.reconnectMaxMs,
    });
    const drain = (): void => session.drain();
    signal.addEventListener('abort', drain, { once: true });
    if (signal.aborted) drain();
    const end = await session.run();
    signal.removeEventListener('abort', drain);
    if (end.type === 'refused') {
      logger.error({ coordinator, reason: end.reason }, 'refused');
      throw new WorkerError(`refused by the coordinator at ${coordinator}: ${end.reason}`);
    }
    if (end.flushed) logger.info('drained');
    else logger.warn('drained, but the coordinator has not acknowledged all results');
  } finally {
    await slots.close();
  }
}

/** Without a backend a worker still runs what needs none; people see in its list of objectives that it cannot train. */
async function describe(
  config: WorkerConfig,
  found: Readiness,
  data: DataPlaces,
  version: string,
): Promise<WorkerProfile> {
  const { name, slots, labels } = config;
  return {
    workerId: randomUUID(),
    name,
    slots,
    labels,
    backend: found.ok ? found.backend : '',
    objectives: found.ok ? ['train', 'null'] : ['null'],
    datasets: await availableDatasets(data),
    gpus: [],
    codeSources: [],
    version,
  };
}

function dataPlaces({ datasetsDir, cacheDir, mirror, offline }: WorkerConfig): DataPlaces {
  return { datasetsDir, cacheDir, mirror, offline };
}
