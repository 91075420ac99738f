// The process of one attempt. It is forked by a worker, loads an engine, waits, runs the one attempt it is given, and ends
// with it.
import type { FromChild, Job, ToChild } from './child-messages.js';
import { type Engine, loadEngine } from './load-engine.js';
import { DatasetMismatchError, DatasetMissingError, ObjectiveError, SilentError } from './objectives/objective.js';
import { holdLifeline } from './process/lifeline.js';
import { killGroup, killMarked, MARK } from './process/processes.js';
import type { AttemptEnd } from './runner.js';

// Whoever prints in a loop is to wait for the worker, not to fill its memory with what it could not write yet; and the
// programs that it starts do not expect a stream that cannot wait.
for (const stream of [process.stdout, process.stderr] as readonly Partial<BlockingStream>[]) {
  stream._handle?.setBlocking?.(true);
}

interface BlockingStream {
  /** Node's own handle, which alone can be told so. */
  readonly _handle: { setBlocking?(blocking: boolean): void };
}

const stopping = new AbortController();
let loading: { readonly objective: string; readonly engine: Promise<Engine> } | undefined;
let savesAtStop = false;
let over = false;

// An attempt never outlives its worker. The channel breaks when the worker ends, however it ends; a thread watches for the
// same, because an objective may keep this one in a loop. A process that no worker has marked has no such line.
const mark = process.env[MARK];
const lifeline = mark === undefined ? undefined : holdLifeline(mark);
process.on('disconnect', () => {
  if (mark !== undefined) killMarked(mark);
  killGroup(process.pid);
  process.exit(0);
});
// Whoever ends a whole group or session means the worker; the worker ends its attempts in its own way.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('uncaughtException', (error) => finish(failure(error)));
process.on('message', (message: ToChild) => {
  switch (message.type) {
    case 'load':
      load(message.objective, message.backend);
      break;
    case 'run':
      void run(message).then(finish);
      break;
    case 'stop':
      savesAtStop = message.saveCheckpoint;
      stopping.abort();
      break;
  }
});

function load(objective: string, backend: string): void {
  loading = { objective, engine: loadEngine(objective, backend) };
  loading.engine.then(
    (engine) => tell({ type: 'ready', ok: true, backend: engine.backend, backendReason: engine.backendReason }),
    (error: unknown) => tell({ type: 'ready', ok: false, fault: inOneLine(error) }),
  );
}

async function run(job: Job): Promise<Said> {
  Object.assign(process.env, job.environment);
  let engine: Engine;
  try {
    const isLoaded = loading?.objective === job.objective;
    engine = await (isLoaded ? loading!.engine : loadEngine(job.objective, job.backend));
  } catch (error) {
    return { outcome: 'refused', error: inOneLine(error) };
  }
  if (stopping.signal.aborted) return { outcome: 'stopped', error: '' };
  try {
    await engine.run({
      params: JSON.parse(job.paramsJson),
      config: JSON.parse(job.configJson),
      seed: job.seed,
      data: job.data,
      expectedDigest: job.expectedDigest,
      place: job.place,
      stopping: () => stopping.signal.aborted || lifeline?.stopping === true,
      signal: stopping.signal,
      started: ({ datasetDigest }) => tell({ type: 'started', datasetDigest }),
      report,
      checkpoint: job.checkpoint,
      saving: job.saving,
      save: (saved) => tell({ type: 'save', ...saved }),
      savesCheckpointAtStop: () => savesAtStop || lifeline?.saving === true,
      note: (note) => tell({ type: 'note', note }),
    });
    const stopped = stopping.signal.aborted || lifeline?.stopping === true;
    return { outcome: stopped ? 'stopped' : 'completed', error: '' };
  } catch (error) {
    return failure(error);
  }
}

let lastStep = 0;

function report(step: number, metrics: Readonly<Record<string, number>>): void {
  if (!Number.isInteger(step) || step <= lastStep) {
    throw new ObjectiveError(`a report's step must be a whole number above the last one, ${lastStep}; it is ${step}`);
  }
  lastStep = step;
  tell({ type: 'report', step, metrics });
}

type Said = AttemptEnd & { readonly seeOutput?: boolean };

function failure(error: unknown): Said {
  if (error instanceof SilentError) return { outcome: 'failed', error: error.message, seeOutput: true };
  if (error instanceof DatasetMismatchError || error instanceof DatasetMissingError) {
    return { outcome: 'refused', error: error.message };
  }
  // What an objective says on purpose is said in its message; anything else is a fault, and its place helps.
  if (!(error instanceof ObjectiveError)) console.error(error);
  return { outcome: 'failed', error: inOneLine(error) };
}

function inOneLine(error: unknown): string {
  if (!(error instanceof Error)) return `something that is no error was thrown: ${String(error)}`;
  const words = error instanceof ObjectiveError ? error.message : `${error.name}: ${error.message}`;
  return words.replaceAll(/\s*\n\s*/g, ' ');
}

function tell(message: FromChild): void {
  if (!over) process.send?.(message);
}

function finish(end: Said): void {
  if (over) return;
  over = true;
  process.send?.({ type: 'ended', ...end } satisfies FromChild, () => process.exit(0));
}
