import { pino } from 'pino';
import { Coordinator } from '../../coordinator/coordinator.js';
import { openMemoryLog } from '../../coordinator/event-log/memory.js';
import { type Monitoring, openMonitoring } from '../../coordinator/monitoring/monitoring.js';
import { Replica } from '../../coordinator/replica.js';
import { startProbeServer } from '../../telemetry/probe-server.js';
import { createRegistry } from '../../telemetry/process-metrics.js';
import { addWorkerMetrics, WorkerTally } from '../../worker/monitoring/metrics.js';
import { spec, worker } from '../coordinator/core/scenario.js';

/** What a leader that has done something, a standby and a worker with a GPU tell over HTTP, by who tells it. */
export async function realScrapes(): Promise<Record<'leader' | 'standby' | 'worker', string>> {
  const logger = pino({ level: 'silent' });
  const log = openMemoryLog();
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const coordinator = await Coordinator.open({ log, leaseMs: 60_000, onFailure });
  const leader = await openMonitoring({ logger });
  leader.lead(coordinator, log);
  await coordinator.submit({ type: 'CreateStudy', requestId: '', spec: spec(), source: '', drawnSeed: 1 });
  await coordinator.submit({ type: 'AttachWorker', profile: worker('w'), holds: [] });
  const standby = await openMonitoring({ logger });
  standby.standBy(new Replica(1), log, { leader: 'a:7070' });
  const registry = createRegistry('worker', '0');
  const gpu = { id: '0', memoryUsedBytes: 1, utilization: 0.5 };
  addWorkerMetrics(registry, new WorkerTally(), { slots: 2, gpuUse: () => [gpu] });
  const standing = { state: 'ready', words: '' } as const;
  const texts = {
    leader: await scrapeOf(leader),
    standby: await scrapeOf(standby),
    worker: await scrape({ registry, standing: () => standing }),
  };
  await Promise.all([leader.close(), standby.close()]);
  return texts;
}

const scrapeOf = ({ probes }: Monitoring): Promise<string> => scrape(probes);

async function scrape(probes: Monitoring['probes']): Promise<string> {
  const server = await startProbeServer('127.0.0.1:0', probes);
  const text = await (await fetch(`http://${server.address}/metrics`)).text();
  server.close();
  return text;
}
