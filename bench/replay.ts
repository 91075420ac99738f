import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Database from 'better-sqlite3';
import { Coordinator } from '../coordinator/coordinator.js';
import type { Event } from '../coordinator/core/events.js';
import { openSqliteLog } from '../coordinator/event-log/sqlite.js';

/*
 * How long a coordinator takes to open a long log, beside reading the same log and parsing its JSON and nothing more: trials
 * of five reports in ten studies, one hundred events a batch. Then what the state takes of memory.
 *
 *   npm run bench:replay [-- EVENTS]
 */

const events = Number(process.argv[2] ?? 1_000_000);
const REPORTS = 5;
const PER_TRIAL = REPORTS + 3;
const STUDIES = 10;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-replay-'));
const file = path.join(folder, 'log.db');
try {
  await write();
  const bytes = statSync(file).size;
  const floor = measure();
  const db = new Database(file, { readonly: true });
  for (const record of db.prepare<[], string>('SELECT record FROM batches ORDER BY seq').pluck().iterate()) {
    JSON.parse(record);
  }
  db.close();
  const floorSpent = floor();

  collect();
  const empty = process.memoryUsage().heapUsed;
  const log = openSqliteLog(file);
  const opening = measure();
  const coordinator = await Coordinator.open({
    log,
    leaseMs: 60_000,
    onFailure: (error) => {
      throw error;
    },
  });
  const spent = opening();
  const position = await coordinator.view(({ state }) => state.events);
  await log.close();
  collect();
  const held = process.memoryUsage().heapUsed - empty;
  const trials = events / PER_TRIAL;
  console.log(`${position.toLocaleString('en')} events, ${mib(bytes)} of log`);
  console.log(`read and parsed: ${told(floorSpent)}`);
  const ratio = (spent.cpu / floorSpent.cpu).toFixed(1);
  const rate = Math.round(position / spent.seconds).toLocaleString('en');
  console.log(`opened:          ${told(spent)}, ${ratio} times the processor; ${rate} events per second`);
  const resident = mib(process.memoryUsage().rss);
  console.log(`state: ${mib(held)}, ${Math.round(held / trials)} bytes per trial; ${resident} resident`);
} finally {
  rmSync(folder, { recursive: true });
}

interface Spent {
  readonly seconds: number;
  /** Processor time of all threads, which another program on the machine does not lengthen as much. */
  readonly cpu: number;
}

function measure(): () => Spent {
  const begin = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6 };
  };
}

function told({ seconds, cpu }: Spent): string {
  return `${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of processor time)`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** The heap as it is without garbage. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function write(): Promise<void> {
  const log = openSqliteLog(file);
  let head = 0;
  let batch: Event[] = [];
  const put = async (event: Event): Promise<void> => {
    batch.push(event);
    if (batch.length < 100) return;
    head = await log.append(batch, head);
    batch = [];
  };
  for (let study = 0; study < STUDIES; study += 1) await put(created(`study-${study}`));
  for (let trial = 0; trial * PER_TRIAL * STUDIES < events; trial += 1) {
    for (let study = 0; study < STUDIES; study += 1)
      for (const event of trialOf(`study-${study}`, trial)) await put(event);
  }
  if (batch.length > 0) await log.append(batch, head);
  await log.close();
}

function created(study: string): Event {
  const spec = {
    name: study,
    metric: { name: 'val_accuracy', goal: 'maximize', value: 'best' },
    budget: { trials: 10_000_000 },
    seed: 7,
    sampler: { type: 'random' },
    pruner: { type: 'none' },
    objective: { kind: 'null', config: { steps: REPORTS } },
    params: [
      { kind: 'float', name: 'lr', low: 1e-4, high: 1, log: true },
      { kind: 'int', name: 'depth', low: 1, high: 4, log: false, step: 1 },
      { kind: 'categorical', name: 'optimizer', choices: ['sgd', 'adam'] },
    ],
    relations: [],
    enqueue: [],
    limits: { attempts: 3 },
    requires: { labels: {} },
  } as const;
  return { type: 'StudyCreated', study, at: 0, requestId: '', spec, source: '' };
}

function* trialOf(study: string, trial: number): Iterable<Event> {
  const at = 1_700_000_000_000 + trial;
  const params = { lr: 1e-4 + (trial % 1000) / 1001, depth: 1 + (trial % 4), optimizer: trial % 2 ? 'sgd' : 'adam' };
  const attempt = { study, trial, attempt: 1, at };
  yield { type: 'TrialProposed', study, trial, at, params, seed: trial, origin: 'random', basedOn: trial };
  yield { type: 'AttemptStarted', ...attempt, worker: 'f5d2c9a0-0000-4000-8000-000000000000', workerName: 'gpu-1' };
  for (let step = 1; step <= REPORTS; step += 1) {
    const metrics = { val_accuracy: (trial % 977) / 977, val_loss: step / 7, train_loss: 1 / (step + trial) };
    yield { type: 'TrialReported', ...attempt, step, metrics };
  }
  yield { type: 'AttemptEnded', ...attempt, end: 'completed', fate: 'complete', reason: '' };
}
