import { execute, executePlan } from '../coordinator/core/execute.js';
import { Fleet, type WorkerProfile } from '../coordinator/core/fleet.js';
import type { SearchSpec } from '../coordinator/core/spec.js';
import { emptyState } from '../coordinator/core/state.js';
import type { Core } from '../coordinator/core/transaction.js';

/*
 * What the plan after each batch costs, by the number of workers, of trials that have ended and of studies that have
 * finished: each case beside the smallest one, in one run. A batch here is one result, which frees one slot.
 *
 *   npm run bench:plan
 */

const RESULTS = 20_000;

interface Case {
  readonly name: string;
  readonly workers: number;
  /** Workers that nothing can run on, with all their slots free. */
  readonly idle?: number;
  /** Trials that have ended before. */
  readonly trials?: number;
  /** Studies that have finished. */
  readonly finished?: number;
}

const CASES: readonly Case[] = [
  { name: '1 worker', workers: 1 },
  { name: '1,000 workers', workers: 1000 },
  { name: '1,000 workers and 1,000 idle ones that a study waits for in vain', workers: 1000, idle: 1000 },
  { name: '1,000 workers, 100,000 trials before', workers: 1000, trials: 100_000 },
  { name: '1,000 workers, 1,000 finished studies', workers: 1000, finished: 1000 },
];

const spec = (name: string, overrides: Partial<SearchSpec> = {}): SearchSpec => ({
  name,
  metric: { name: 'value', goal: 'maximize', value: 'last' },
  budget: { trials: 10_000_000 },
  sampler: { type: 'random' },
  pruner: { type: 'none' },
  objective: { kind: 'null', config: { steps: 1 } },
  params: [{ kind: 'float', name: 'x', low: 0, high: 1, log: false }],
  relations: [],
  enqueue: [],
  limits: { attempts: 3 },
  requires: { labels: {} },
  ...overrides,
});

const profile = (id: string, labels: Readonly<Record<string, string>>): WorkerProfile => ({
  id,
  name: id,
  slots: 1,
  labels,
  backend: '',
  objectives: ['null'],
  datasets: [],
  gpus: [],
  codeSources: [],
  memoryBytes: 0,
  backendReason: '',
});

/** Microseconds that the plans after single results took, on average. */
function measure({ workers, idle = 0, trials = 0, finished = 0 }: Case): number {
  const core: Core = { state: emptyState(), fleet: new Fleet(), leaseMs: 60_000 };
  const create = (name: string, overrides: Partial<SearchSpec>): void => {
    const search = spec(name, overrides);
    execute(core, { type: 'CreateStudy', requestId: '', spec: search, source: '', drawnSeed: 1 }, 0);
  };
  for (let i = 0; i < finished; i += 1) {
    create(`done-${i}`, {});
    execute(core, { type: 'ControlStudy', study: `done-${i}`, action: 'stop' }, 0);
  }
  create('busy', { requires: { labels: { zone: 'busy' } } });
  if (idle > 0) create('waiting', { requires: { labels: { zone: 'nowhere' } } });
  const attach = (id: string, zone: string): void => {
    execute(core, { type: 'AttachWorker', profile: profile(id, { zone }), holds: [] }, 0);
  };
  for (let i = 0; i < workers; i += 1) attach(`w${i}`, 'busy');
  for (let i = 0; i < idle; i += 1) attach(`i${i}`, 'idle');
  executePlan(core, 0);
  const study = core.state.studies.get('busy')!;
  let spent = 0;
  for (let result = 0; result < trials + RESULTS; result += 1) {
    const [trial] = study.running;
    const worker = study.trials[trial!]!.attempts[0]!.worker;
    const end = { study: 'busy', trial: trial!, attempt: 1, outcome: 'completed', error: '' } as const;
    const nothing = { started: [], reports: [], saved: [] };
    execute(core, { type: 'RecordProgress', worker, ...nothing, results: [end] }, 0);
    const before = performance.now();
    executePlan(core, 0);
    if (result >= trials) spent += performance.now() - before;
  }
  return (spent / RESULTS) * 1000;
}

measure(CASES[0]!);
let base: number | undefined;
for (const one of CASES) {
  const microseconds = measure(one);
  base ??= microseconds;
  const ratio = (microseconds / base).toFixed(2);
  console.log(`${microseconds.toFixed(1).padStart(7)} us per started trial  ${ratio.padStart(6)} x  ${one.name}`);
}
