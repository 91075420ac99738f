import { pino } from 'pino';
import { createArtifactKeeper } from '../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../coordinator/coordinator.js';
import type { RecordProgress } from '../../coordinator/core/commands.js';
import type { SearchSpec } from '../../coordinator/core/spec.js';
import { startDashboard } from '../../coordinator/dashboard/server.js';
import { openMemoryLog } from '../../coordinator/event-log/memory.js';
import { LiveOutputs } from '../../coordinator/rpc/live-outputs.js';
import type { ServiceOptions } from '../../coordinator/rpc/server.js';
import { Turnstile } from '../../coordinator/rpc/turnstile.js';

/** A coordinator in this process that has run a study, with its dashboard on a free port. */
export interface Studied {
  readonly coordinator: Coordinator;
  /** http://host:port */
  readonly address: string;
  /** Runs `trials` more of the study's, `steps` reports each, as fast as the coordinator takes them. */
  run(trials: number, steps: number): Promise<void>;
  /** Attaches a worker that has no slot for anything. */
  attach(id: string): Promise<void>;
  /** Creates a study that no worker takes. */
  idle(name: string): Promise<void>;
  /** What a gRPC door to it is made of. */
  readonly options: ServiceOptions;
  close(): void;
}

const WORKER = 'bench';
const SLOTS = 64;

/** A mixed space of six parameters, one of them conditional; random search, for the history is what counts here. */
function spec(trials: number, steps: number): SearchSpec {
  return {
    name: 'bench',
    metric: { name: 'accuracy', goal: 'maximize', value: 'best' },
    budget: { trials },
    seed: 7,
    sampler: { type: 'random' },
    pruner: { type: 'none' },
    objective: { kind: 'null', config: { steps } },
    params: [
      { kind: 'float', name: 'lr', low: 1e-4, high: 1, log: true },
      { kind: 'int', name: 'depth', low: 1, high: 6, log: false, step: 1 },
      { kind: 'int', name: 'width', low: 32, high: 1024, log: true, step: 1 },
      { kind: 'float', name: 'dropout', low: 0, high: 0.6, log: false },
      { kind: 'categorical', name: 'optimizer', choices: ['sgd', 'adam', 'rmsprop'] },
      {
        kind: 'float',
        name: 'momentum',
        low: 0,
        high: 0.99,
        log: false,
        when: [{ param: 'optimizer', test: { in: ['sgd'] } }],
      },
    ],
    relations: [],
    enqueue: [],
    limits: { attempts: 1 },
    requires: { labels: {} },
  };
}

export async function openStudied(budget: number, steps: number): Promise<Studied> {
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const coordinator = await Coordinator.open({ log: openMemoryLog(), leaseMs: 3_600_000, onFailure });
  const running: { study: string; trial: number; attempt: number }[] = [];
  coordinator.follow({
    events: (events) => {
      for (const event of events) {
        if (event.type === 'AttemptStarted')
          running.push({ study: event.study, trial: event.trial, attempt: event.attempt });
      }
    },
    committed: () => {},
  });
  await coordinator.submit({ type: 'CreateStudy', requestId: '', spec: spec(budget, steps), source: '', drawnSeed: 1 });
  const attach = async (id: string, slots: number, objectives: string[]): Promise<void> => {
    const who = { id, name: id, slots, labels: {}, backend: 'none', backendReason: '', objectives };
    const profile = { ...who, datasets: [], gpus: [], codeSources: [], memoryBytes: 0 };
    await coordinator.submit({ type: 'AttachWorker', profile, holds: [] });
  };
  await attach(WORKER, SLOTS, ['null']);
  const logger = pino({ level: 'silent' });
  const artifacts = openMemoryArtifacts();
  const keeper = createArtifactKeeper({ artifacts, coordinator, logger, graceMs: 60_000 });
  const options = {
    coordinator,
    artifacts,
    keeper,
    outputs: new LiveOutputs(),
    logger,
    leaseMs: 3_600_000,
    heartbeatMs: 60_000,
    maxArtifactBytes: 2 ** 30,
  };
  const server = await startDashboard('127.0.0.1:0', { ...options, turnstile: new Turnstile() });
  return {
    coordinator,
    options,
    address: `http://${server.address}`,
    attach: (id) => attach(id, 1, []),
    idle: async (name) => {
      const nowhere = { ...spec(budget, steps), name, requires: { labels: { zone: 'nowhere' } } };
      await coordinator.submit({ type: 'CreateStudy', requestId: '', spec: nowhere, source: '', drawnSeed: 1 });
    },
    run: async (trials, perTrial) => {
      let left = trials;
      while (left > 0) {
        const batch = running.splice(0, Math.min(left, SLOTS));
        left -= batch.length;
        const progress: RecordProgress = {
          type: 'RecordProgress',
          worker: WORKER,
          started: [],
          saved: [],
          reports: batch.flatMap((name) =>
            Array.from({ length: perTrial }, (_, i) => ({
              ...name,
              step: i + 1,
              metrics: { accuracy: accuracy(name.trial, i + 1, perTrial) },
            })),
          ),
          results: batch.map((name) => ({ ...name, outcome: 'completed', error: '' })),
        };
        await coordinator.submit(progress);
      }
    },
    close: () => server.close(),
  };
}

/** Rises towards a trial's own ceiling, which is spread like those of real searches: many good, some bad. */
function accuracy(trial: number, step: number, steps: number): number {
  const chance = ((trial * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  const ceiling = 0.98 - 0.6 * chance ** 3;
  return ceiling * (1 - Math.exp((-4 * step) / steps)) + 0.005 * Math.sin(trial + step);
}
