import { Counter, Gauge, type Registry } from 'prom-client';
import type { GpuUse } from '../../proto/index.js';
import { counterIn } from '../../telemetry/process-metrics.js';
import type { AttemptEnd, AttemptRunner } from '../runner.js';

/** How an attempt ended on a worker; `abandoned`: it did not count any more. */
type End = AttemptEnd['outcome'] | 'abandoned';

/** What a worker counts of itself, in plain numbers until somebody asks. */
export class WorkerTally {
  running = 0;
  reports = 0;
  attaches = 0;
  attached = false;
  readonly ended: Record<End, number> = {
    completed: 0,
    stopped: 0,
    failed: 0,
    timed_out: 0,
    refused: 0,
    abandoned: 0,
  };

  /** The session has attached or lost its stream. */
  standing(attached: boolean): void {
    this.attached = attached;
    if (attached) this.attaches += 1;
  }

  /** Counts what a runner's attempts do. */
  counting(runner: AttemptRunner): AttemptRunner {
    return {
      start: (assignment, events) => {
        let over = false;
        const end = (how: End): void => {
          if (over) return;
          over = true;
          this.running -= 1;
          this.ended[how] += 1;
        };
        this.running += 1;
        const running = runner.start(assignment, {
          started: (digest) => events.started(digest),
          report: (step, metrics) => {
            this.reports += 1;
            events.report(step, metrics);
          },
          saved: (saved) => events.saved(saved),
          ended: (how) => {
            end(how.outcome);
            events.ended(how);
          },
        });
        return {
          stop: (saveCheckpoint) => running.stop(saveCheckpoint),
          output: () => running.output(),
          kill: () => {
            end('abandoned');
            running.kill();
          },
        };
      },
    };
  }
}

/** Gives a worker's figures to a registry. Labels are outcomes, and the GPUs of this machine. */
export function addWorkerMetrics(
  registry: Registry,
  tally: WorkerTally,
  own: { readonly slots: number; readonly gpuUse: () => readonly GpuUse[] },
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const counter = counterIn(registers);
  gauge('assay_worker_attached', '1 while the worker is attached to a coordinator.', () => Number(tally.attached));
  counter(
    'assay_worker_attaches_total',
    'How often it has attached; once, where nothing breaks.',
    () => tally.attaches,
  );
  counter('assay_worker_reports_total', 'Reports of steps (epochs) that its attempts have made.', () => tally.reports);
  new Gauge({
    name: 'assay_worker_slots',
    help: 'Slots of this worker: busy or idle.',
    labelNames: ['state'],
    registers,
    collect() {
      const busy = Math.min(tally.running, own.slots);
      this.set({ state: 'busy' }, busy);
      this.set({ state: 'idle' }, own.slots - busy);
    },
  });
  new Counter({
    name: 'assay_worker_attempts_ended_total',
    help: 'Attempts that ended here, by how.',
    labelNames: ['end'],
    registers,
    collect() {
      this.reset();
      for (const [end, count] of Object.entries(tally.ended)) this.inc({ end }, count);
    },
  });
  const ofGpus = (name: string, help: string, value: (use: GpuUse) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['gpu'],
      registers,
      collect() {
        this.reset();
        for (const use of own.gpuUse()) {
          const found = value(use);
          if (found !== undefined) this.set({ gpu: use.id }, found);
        }
      },
    });
  };
  ofGpus('assay_worker_gpu_utilization', 'How busy each GPU is, 0 to 1.', ({ utilization }) => utilization);
  ofGpus('assay_worker_gpu_memory_used_bytes', 'Memory in use on each GPU.', ({ memoryUsedBytes }) => memoryUsedBytes);
}
