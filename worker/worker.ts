import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Readiness } from './child-messages.js';
import type { WorkerConfig } from './config.js';
import { openLink } from './link.js';
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
 * @returns the exit code: 0 after a drain, 1 when the worker is refused or cannot run attempts; the log says why
 */
export async function runWorker(config: WorkerConfig, surroundings: WorkerSurroundings): Promise<number> {
  const { signal, version, childPath } = surroundings;
  const { coordinator, name, backend, datasetsDir, stopGraceMs } = config;
  const logger = surroundings.logger.child({ worker: name });
  const slots = createSlots({ slots: config.slots, backend, datasetsDir, stopGraceMs, logger, childPath });
  try {
    const found = await slots.probe();
    if (signal.aborted) return 0;
    if (!found.ok && backend !== 'auto') {
      logger.error({ backend, fault: found.fault }, `backend ${backend} cannot be used here`);
      return 1;
    }
    const session = createWorkerSession({
      profile: await describe(config, found, version),
      runner: slots,
      connect: (events) => openLink(coordinator, events),
      logger: logger.child({ coordinator }),
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
      logger.error({ coordinator, reason: end.reason }, 'refused by the coordinator');
      return 1;
    }
    if (end.flushed) logger.info('drained');
    else logger.warn('drained, but the coordinator has not acknowledged all results');
    return 0;
  } finally {
    await slots.close();
  }
}

/** Without a backend a worker still runs what needs none; people see in its list of objectives that it cannot train. */
async function describe(config: WorkerConfig, found: Readiness, version: string): Promise<WorkerProfile> {
  const { name, slots, labels, datasetsDir } = config;
  return {
    workerId: randomUUID(),
    name,
    slots,
    labels,
    backend: found.ok ? found.backend : '',
    objectives: found.ok ? ['train', 'null'] : ['null'],
    datasets: await availableDatasets(datasetsDir),
    version,
  };
}
