import { randomUUID } from 'node:crypto';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { openArtifactClient } from '../proto/artifact-client.js';
import type { Gpu } from '../proto/index.js';
import type { Readiness } from './child-messages.js';
import type { WorkerConfig } from './config.js';
import { createConnect } from './connect.js';
import type { DataPlaces } from './data-places.js';
import { WorkerError } from './errors.js';
import { chooseGpus, type GpuWatch, watchGpus } from './gpu/gpus.js';
import { askNvidiaSmi } from './gpu/nvidia-smi.js';
import { Resources } from './gpu/resources.js';
import { openWorkerMonitoring, type WorkerMonitoring } from './monitoring/monitoring.js';
import { availableDatasets } from './objectives/objective.js';
import { createCodeCache } from './own-code/cache.js';
import { presentPermissions } from './own-code/permissions.js';
import { createOwnCode } from './own-code/prepare.js';
import { openScratch } from './own-code/scratch.js';
import { createSavingRunner } from './saving-runner.js';
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

/** How long a coordinator that cannot be reached may keep an attempt's code waiting, milliseconds. */
const DOWNLOAD_PATIENCE_MS = 60_000;

/**
 * Attaches to a coordinator and runs attempts, until `signal` says to drain or the coordinator refuses this worker.
 * Waits for a coordinator that is not there yet.
 *
 * @throws {WorkerError} when the worker is refused, or the backend that was asked for does not run here
 */
export async function runWorker(config: WorkerConfig, surroundings: WorkerSurroundings): Promise<void> {
  const { signal, version, childPath } = surroundings;
  const { coordinator, access, name, backend, stopGraceMs, outputLimitBytes, permissions } = config;
  const data = dataPlaces(config);
  const logger = surroundings.logger.child({ worker: name });
  const { gpus, watch } = await findGpus(config, logger);
  const slotCount = gpus.reduce((sum, gpu) => sum + gpu.slots, 0) || (config.slots ?? availableParallelism());
  const scratch = openScratch(config.scratchDir);
  const artifacts = openArtifactClient(coordinator, access);
  const cache = createCodeCache({
    folder: join(scratch.folder, 'code'),
    download: (sha256, downloadSignal) =>
      artifacts.download(sha256, { patienceMs: DOWNLOAD_PATIENCE_MS, signal: downloadSignal }),
  });
  const slots = createSlots({
    slots: slotCount,
    backend,
    data,
    stopGraceMs,
    outputLimitBytes,
    ownCode: createOwnCode({ permissions, scratch, cache, cwd: process.cwd() }),
    resources: new Resources(gpus, slotCount, availableParallelism(), process.env),
    logger,
    childPath,
  });
  let monitoring: WorkerMonitoring | undefined;
  try {
    const found = await slots.probe();
    if (signal.aborted) return;
    if (!found.ok && backend !== 'auto') {
      throw new WorkerError(`backend ${backend} cannot be used here: ${found.fault}`);
    }
    if (!found.ok) logger.warn({ fault: found.fault }, 'no training backend runs here: this worker cannot train');
    const profile = await describe(config, found, data, { version, slots: slotCount, gpus });
    const { objectives, datasets, backendReason } = profile;
    logger.info(
      {
        coordinator,
        slots: slotCount,
        gpus: gpus.length,
        backend: profile.backend,
        backendReason,
        objectives,
        datasets,
      },
      'worker is ready',
    );
    const runner = createSavingRunner({ runner: slots, artifacts, logger, stopPatienceMs: config.drainTimeoutMs });
    const { metrics } = config;
    monitoring = await openWorkerMonitoring({
      metrics,
      name,
      version,
      slots: slotCount,
      gpuUse: () => watch.use,
      logger,
    });
    const { standing } = monitoring;
    const session = createWorkerSession({
      profile,
      runner: monitoring.watching(runner),
      onStanding: standing,
      connect: createConnect(coordinator, access),
      logger,
      gpuUse: () => watch.use,
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
    watch.close();
    await slots.close();
    await monitoring?.close();
    artifacts.close();
    scratch.close();
  }
}

async function findGpus(config: WorkerConfig, logger: Logger): Promise<{ gpus: readonly Gpu[]; watch: GpuWatch }> {
  const { gpus: choice, slotsPerGpu, slots } = config;
  if (slots !== undefined && slotsPerGpu !== undefined) {
    throw new WorkerError(
      'slots and slots per GPU are both given: the one follows from the other, so give one of them',
    );
  }
  const answer = choice === 'none' ? { gpus: [], fault: '' } : await askNvidiaSmi();
  if (answer.fault !== '') logger.warn({ fault: answer.fault }, 'GPUs cannot be asked');
  const gpus = chooseGpus(answer.gpus, { gpus: choice, slotsPerGpu, slots }, process.env['CUDA_VISIBLE_DEVICES']);
  const missing = typeof choice === 'string' ? [] : choice.filter((id) => !gpus.some((gpu) => gpu.id === id));
  if (missing.length > 0 || (slotsPerGpu !== undefined && gpus.length === 0)) {
    const there = answer.gpus.map(({ id }) => id).join(', ') || 'none';
    throw new WorkerError(
      `${missing.length > 0 ? `GPU ${missing.join(', ')} is not there` : 'there is no GPU to share'}: found are ${there}`,
    );
  }
  return { gpus, watch: watchGpus(gpus, answer.gpus, logger) };
}

/** Without a backend a worker still runs what needs none; people see in its list of objectives that it cannot train. */
async function describe(
  config: WorkerConfig,
  found: Readiness,
  data: DataPlaces,
  own: Pick<WorkerProfile, 'version' | 'slots' | 'gpus'>,
): Promise<WorkerProfile> {
  const { name, labels, permissions } = config;
  const { objectives, codeSources } = presentPermissions(permissions);
  return {
    workerId: randomUUID(),
    name,
    labels,
    backend: found.ok ? found.backend : '',
    backendReason: found.ok ? found.backendReason : found.fault,
    objectives: [...(found.ok ? ['train'] : []), ...objectives, 'null'],
    datasets: await availableDatasets(data),
    codeSources,
    memoryBytes: Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
    ...own,
  };
}

function dataPlaces({ datasetsDir, cacheDir, mirror, offline }: WorkerConfig): DataPlaces {
  return { datasetsDir, cacheDir, mirror, offline };
}
