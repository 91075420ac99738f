import type { Event } from '../coordinator/core/events.js';
import { execute, executePlan } from '../coordinator/core/execute.js';
import { Fleet, type WorkerProfile } from '../coordinator/core/fleet.js';
import { emptyState } from '../coordinator/core/state.js';
import type { Core } from '../coordinator/core/transaction.js';
import { encodeBatch } from '../coordinator/event-log/codec.js';
import { fromProgress, toAssignment } from '../coordinator/rpc/convert.js';
import { parseSearchFile } from '../coordinator/spec/index.js';
import { DrainMode, Outcome, type Progress, WorkerServiceService } from '../proto/index.js';
import { collect } from './garbage.js';

/*
 * What a null trial costs a coordinator without sockets and a disk: its messages are read and written, it is decided about,
 * folded and turned into the log's text. Beside it the messages alone, in one run; CPU time, since the machine is shared.
 *
 *   npm run bench:decide [-- TRIALS WORKERS]
 */

const trials = Number(process.argv[2] ?? 60_000);
const workers = Number(process.argv[3] ?? 64);
/** Trials before it is measured, so that all is compiled, and those that one commit is about. */
const WARM_UP = 20_000;
const BATCH = 16;

const FILE = `
name: bench
metric: {name: value, goal: maximize}
budget: {trials: 10000000}
seed: 7
sampler: random
pruner: none
"null": {steps: 1, value: $lr}
space: {lr: {log: [1e-4, 1]}, depth: {int: [1, 4]}, optimizer: [sgd, adam]}
`;

type Started = Extract<Event, { readonly type: 'AttemptStarted' }>;

const { session } = WorkerServiceService;
const core: Core = { state: emptyState(), fleet: new Fleet(), leaseMs: 60_000 };
let at = 1_700_000_000_000;
let sequence = 0;

const parsed = parseSearchFile(FILE, 'bench.yaml');
if (!parsed.ok) throw new Error('the search file has faults');
execute(core, { type: 'CreateStudy', requestId: 'bench', spec: parsed.spec, source: FILE, drawnSeed: 7 }, at);
for (let i = 0; i < workers; i += 1) {
  execute(core, { type: 'AttachWorker', profile: profileOf(`worker-${i}`), holds: [] }, at);
}
const running: Started[] = [];
send(executePlan(core, at));

run(WARM_UP);
collect();
const before = process.memoryUsage().heapUsed;
const decided = measure(() => run(trials));
collect();
const bytes = (process.memoryUsage().heapUsed - before) / trials;
const alone = measure(() => {
  for (let i = 0; i < trials; i += 1) {
    receive(running[i % running.length]!);
    send([running[i % running.length]!], false);
  }
});
console.log(`a null trial: ${decided.toFixed(1)} us of CPU time and ${Math.round(bytes)} bytes that stay`);
console.log(`its messages alone: ${alone.toFixed(1)} us, ${(decided / alone).toFixed(1)} times less`);

/** Ends so many trials and starts others. */
function run(count: number): void {
  for (let done = 0; done < count; done += BATCH) {
    at += 1;
    const events: Event[] = [];
    for (const attempt of running.splice(0, BATCH)) {
      const outcome = execute(core, fromProgress(attempt.worker, receive(attempt)), at);
      if (outcome.ok) events.push(...outcome.events);
    }
    const planned = executePlan(core, at);
    events.push(...planned);
    encodeBatch(events);
    send(planned);
  }
}

/** A worker's message about an attempt's whole life, as it comes through the wire. */
function receive({ study, trial, attempt: number }: Started): Progress {
  const attempt = { study, trial, attempt: number };
  const value: Progress = {
    sequence: ++sequence,
    started: [{ attempt, datasetDigest: '' }],
    reports: [{ attempt, report: { step: 1, metrics: { value: Math.random() } } }],
    saved: [],
    results: [{ attempt, outcome: Outcome.OUTCOME_COMPLETED, error: '', durationMs: 1 }],
  };
  const { body } = session.requestDeserialize(session.requestSerialize({ body: { $case: 'progress', value } }));
  if (body?.$case !== 'progress') throw new Error('a message has become another');
  return body.value;
}

/** Writes the assignments of what was started. */
function send(events: readonly Event[], starts = true): void {
  for (const event of events) {
    if (event.type !== 'AttemptStarted') continue;
    if (starts) running.push(event);
    const study = core.state.studies.get(event.study)!;
    const assignments = [toAssignment(study, study.trials[event.trial]!)];
    const drain = DrainMode.DRAIN_MODE_UNSPECIFIED;
    const value = { assignments, stops: [], abandoned: [], acknowledged: sequence, drain };
    session.responseSerialize({ body: { $case: 'dispatch', value } });
  }
}

/** CPU microseconds of each trial. */
function measure(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / trials;
}

function profileOf(id: string): WorkerProfile {
  return {
    id,
    name: id,
    slots: 1,
    labels: {},
    backend: '',
    backendReason: '',
    objectives: ['null'],
    datasets: [],
    gpus: [],
    codeSources: [],
    memoryBytes: 0,
  };
}
