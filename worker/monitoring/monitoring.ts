import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { GpuUse } from '../../proto/index.js';
import { startProbeServer } from '../../telemetry/probe-server.js';
import type { Standing } from '../../telemetry/probes.js';
import { createRegistry } from '../../telemetry/process-metrics.js';
import { TraceSettingsError } from '../../telemetry/trace-settings.js';
import { startTracing } from '../../telemetry/tracing.js';
import { WorkerError } from '../errors.js';
import type { AttemptRunner } from '../runner.js';
import { addWorkerMetrics, WorkerTally } from './metrics.js';
import { createTracingRunner } from './tracing-runner.js';

export interface WorkerMonitoringOptions {
  /** host:port at which health and figures are told; absent: nowhere, and nothing is counted. */
  readonly metrics: string | undefined;
  readonly name: string;
  readonly version: string;
  readonly slots: number;
  readonly gpuUse: () => readonly GpuUse[];
  readonly logger: Logger;
}

/** What a worker shows of itself. */
export interface WorkerMonitoring {
  /** A runner of the same attempts that are counted and traced, as far as either is asked for. */
  watching(runner: AttemptRunner): AttemptRunner;
  /** The session has attached or lost its stream. */
  readonly standing: (attached: boolean) => void;
  close(): Promise<void>;
}

/** @throws {WorkerError} when the address cannot be listened on, or the environment asks for impossible traces */
export async function openWorkerMonitoring(options: WorkerMonitoringOptions): Promise<WorkerMonitoring> {
  const { name, version, logger } = options;
  const traced = { service: 'assay-worker', instance: `${name} ${hostname()}:${process.pid}`, version, logger };
  const tracing = await startTracing(process.env, traced).catch((cause: unknown) => {
    throw cause instanceof TraceSettingsError ? new WorkerError(cause.message, { cause }) : cause;
  });
  const figures = options.metrics === undefined ? undefined : await tellFigures(options.metrics, options);
  return {
    watching(runner) {
      const counted = figures === undefined ? runner : figures.tally.counting(runner);
      return tracing === undefined ? counted : createTracingRunner(counted, tracing, name);
    },
    standing: (attached) => figures?.tally.standing(attached),
    async close() {
      figures?.close();
      await tracing?.close();
    },
  };
}

async function tellFigures(
  listen: string,
  options: WorkerMonitoringOptions,
): Promise<{ readonly tally: WorkerTally; close(): void }> {
  const tally = new WorkerTally();
  const registry = createRegistry('worker', options.version);
  addWorkerMetrics(registry, tally, options);
  const standing = (): Standing =>
    tally.attached
      ? { state: 'ready', words: 'attached' }
      : { state: 'not_ready', words: 'not attached to a coordinator' };
  const server = await startProbeServer(listen, { registry, standing }).catch((cause: unknown) => {
    const why = cause instanceof Error && cause.message.includes('EADDRINUSE') ? 'the port is taken' : String(cause);
    throw new WorkerError(`cannot listen on ${listen} for --metrics: ${why}`, { cause });
  });
  options.logger.info({ metrics: server.address }, 'health and figures are told');
  return { tally, close: () => server.close() };
}
