import { recordSaved } from './artifacts.js';
import type {
  AttachWorker,
  Command,
  ControlStudy,
  CreateStudy,
  HearWorker,
  RecordProgress,
  RerunTrial,
} from './commands.js';
import type { Event } from './events.js';
import { type AttemptName, keyOf } from './fleet.js';
import { currentTrial, endAttempt, endStudy, recordReport } from './lifecycle.js';
import { plan } from './plan.js';
import { latestStudy, type State, type Study } from './state.js';
import { type Core, Transaction } from './transaction.js';
import { attemptNumber, type RunningTrial } from './trial.js';

/*
 * The rules, cited by the tests:
 *   R1  An attempt's number is its fencing token: only the newest attempt of a trial is heard, and it is heard until its
 *       successor is started or the trial is final.
 *   R2  Repeating a request, a report or a result writes nothing.
 *   R3  A study starts exactly as many trials as its budget says; re-runs are beside it.
 *   R4  A lost attempt never ends its trial while attempts are left; a failed one does after its retries.
 *   R5  Every study with a budget ends once its attempts do.
 *   R6  All attempts of a trial train with the same seed.
 */

/** Why a command was refused; it wrote nothing. */
export interface Refusal {
  readonly code: 'not_found' | 'conflict';
  readonly message: string;
}

/** What a worker is told of the attempts that it says it holds. */
export interface HoldsReply {
  /** These go on. */
  readonly continued: readonly AttemptName[];
  /** These count no more. */
  readonly abandoned: readonly AttemptName[];
}

/** What each command answers when it is not refused. */
export interface Replies {
  readonly CreateStudy: { readonly study: string };
  readonly ControlStudy: { readonly study: string };
  readonly RerunTrial: { readonly study: string; readonly trial: number };
  readonly AttachWorker: HoldsReply & {
    /** Continued attempts that are to stop: the stop may have been lost with the old session. */
    readonly stops: readonly { readonly attempt: AttemptName; readonly reason: string }[];
  };
  readonly HearWorker: HoldsReply;
  readonly RecordProgress: { readonly abandoned: readonly AttemptName[] };
  readonly DrainWorker: null;
  readonly DetachWorker: null;
  readonly CheckDeadlines: null;
}

export type Outcome<T extends Command['type'] = Command['type']> =
  | { readonly ok: true; readonly reply: Replies[T]; readonly events: readonly Event[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Decides one command and folds what it decided. The state runs ahead of the log by these events: they must be durable
 * before anything of them, or of the reply, is shown outside.
 *
 * @param at the clock, milliseconds since the epoch
 */
export function execute<C extends Command>(core: Core, command: C, at: number): Outcome<C['type']> {
  const tx = new Transaction(core, at);
  const result = decide(tx, command);
  if ('refusal' in result) return { ok: false, refusal: result.refusal };
  return { ok: true, reply: result.reply as Replies[C['type']], events: tx.events };
}

/** Fills free slots and returns what it decided. Run once after the commands of a batch. */
export function executePlan(core: Core, at: number): readonly Event[] {
  const tx = new Transaction(core, at);
  plan(tx);
  return tx.events;
}

type Decision = { readonly reply: Replies[Command['type']] } | { readonly refusal: Refusal };

function decide(tx: Transaction, command: Command): Decision {
  switch (command.type) {
    case 'CreateStudy':
      return { reply: createStudy(tx, command) };
    case 'ControlStudy':
      return controlStudy(tx, command);
    case 'RerunTrial':
      return rerunTrial(tx, command);
    case 'AttachWorker':
      return { reply: attachWorker(tx, command) };
    case 'HearWorker':
      return { reply: hearWorker(tx, command) };
    case 'RecordProgress':
      return { reply: recordProgress(tx, command) };
    case 'DrainWorker':
      tx.core.fleet.drain(command.worker);
      return { reply: null };
    case 'DetachWorker':
      detachWorker(tx, command.worker);
      return { reply: null };
    case 'CheckDeadlines':
      expireLeases(tx);
      endOverdueStudies(tx);
      return { reply: null };
  }
}

function createStudy(tx: Transaction, { requestId, spec, source, drawnSeed }: CreateStudy): Replies['CreateStudy'] {
  const { state } = tx.core;
  const before = requestId === '' ? undefined : state.requests.get(requestId);
  if (before !== undefined) return { study: before.study };
  const study = freeId(state, spec.name);
  const seeded = { ...spec, seed: spec.seed ?? drawnSeed };
  tx.emit({ type: 'StudyCreated', study, at: tx.at, requestId, spec: seeded, source });
  return { study };
}

/** The name itself, or with the first free one of -2, -3, ... behind it. */
function freeId(state: State, name: string): string {
  if (!state.studies.has(name)) return name;
  let suffix = 2;
  while (state.studies.has(`${name}-${suffix}`)) suffix += 1;
  return `${name}-${suffix}`;
}

/** A study by its id; the latest one for an empty id. */
export function findStudy(state: State, id: string): Study | Refusal {
  if (id === '') {
    return (
      latestStudy(state) ?? { code: 'not_found', message: 'there is no study yet: submit one with "assay submit FILE"' }
    );
  }
  const known = [...state.studies.keys()].slice(-5);
  const hint = known.length === 0 ? 'there is none yet' : `the latest are ${known.join(', ')}`;
  return state.studies.get(id) ?? { code: 'not_found', message: `there is no study ${id}: ${hint}` };
}

export function isRefusal(value: Study | Refusal): value is Refusal {
  return 'code' in value;
}

function controlStudy(tx: Transaction, command: ControlStudy): Decision {
  const study = findStudy(tx.core.state, command.study);
  if (isRefusal(study)) return { refusal: study };
  const ended = study.status === 'ending' || study.status === 'finished';
  switch (command.action) {
    case 'stop':
      if (!ended) endStudy(tx, study, 'stopped', 'stopped by request');
      break;
    case 'pause':
      if (ended) return { refusal: { code: 'conflict', message: `study ${study.id} has ended: it cannot be paused` } };
      if (study.status === 'running') tx.emit({ type: 'StudyPaused', study: study.id, at: tx.at });
      break;
    case 'resume':
      if (ended) return { refusal: { code: 'conflict', message: `study ${study.id} has ended: it cannot be resumed` } };
      if (study.status === 'paused') tx.emit({ type: 'StudyResumed', study: study.id, at: tx.at });
      break;
  }
  return { reply: { study: study.id } };
}

function rerunTrial(tx: Transaction, { requestId, study: id, trial: number, seed }: RerunTrial): Decision {
  const before = requestId === '' ? undefined : tx.core.state.requests.get(requestId);
  if (before?.trial !== undefined) return { reply: { study: before.study, trial: before.trial } };
  const study = findStudy(tx.core.state, id);
  if (isRefusal(study)) return { refusal: study };
  const original = study.trials[number];
  if (original === undefined) {
    const message = `study ${study.id} has no trial ${number}: its trials are 0 to ${study.trials.length - 1}`;
    return {
      refusal: {
        code: 'not_found',
        message: study.trials.length === 0 ? `study ${study.id} has no trials yet` : message,
      },
    };
  }
  if (study.status === 'ending') {
    return {
      refusal: { code: 'conflict', message: `study ${study.id} is being stopped: try again when it has ended` },
    };
  }
  const trial = study.trials.length;
  tx.emit({
    type: 'TrialProposed',
    study: study.id,
    trial,
    at: tx.at,
    params: original.params,
    seed: seed ?? original.seed,
    origin: 'rerun',
    basedOn: tx.core.state.events,
    rerunOf: original.rerunOf ?? number,
    requestId,
  });
  return { reply: { study: study.id, trial } };
}

/** What the worker does not present, it does not run: the assignment went down with the old session, so it is lost. */
function attachWorker(tx: Transaction, { profile, holds }: AttachWorker): Replies['AttachWorker'] {
  const worker = tx.core.fleet.attach(profile, tx.at);
  const reply = sortHolds(tx, holds);
  const presented = new Set(reply.continued.map(keyOf));
  for (const name of [...worker.attempts.values()]) {
    if (presented.has(keyOf(name))) continue;
    const current = currentTrial(tx, name);
    if (current !== undefined) endAttempt(tx, current.study, current.trial, 'lost', 'its worker came back without it');
  }
  return { ...reply, stops: stopsOf(tx.core.state, reply.continued) };
}

/** A draining worker has given back all that it knew of: what is left was assigned while it left, and never began. */
function detachWorker(tx: Transaction, id: string): void {
  const worker = tx.core.fleet.workers.get(id);
  const left = worker?.draining ? [...worker.attempts.values()] : [];
  tx.core.fleet.detach(id);
  for (const name of left) {
    const current = currentTrial(tx, name);
    if (current !== undefined) endAttempt(tx, current.study, current.trial, 'handed_back', 'its worker was leaving');
  }
}

function hearWorker(tx: Transaction, { worker, holds, gpuUse }: HearWorker): HoldsReply {
  tx.core.fleet.heard(worker, tx.at);
  if (gpuUse !== undefined) tx.core.fleet.use(worker, gpuUse);
  return sortHolds(tx, holds);
}

function sortHolds(tx: Transaction, holds: readonly AttemptName[]): HoldsReply {
  const continued: AttemptName[] = [];
  const abandoned: AttemptName[] = [];
  for (const name of holds) (currentTrial(tx, name) === undefined ? abandoned : continued).push(name);
  return { continued, abandoned };
}

function stopsOf(state: State, names: readonly AttemptName[]): Replies['AttachWorker']['stops'] {
  return names.flatMap((attempt) => {
    const trial = state.studies.get(attempt.study)?.trials[attempt.trial];
    return trial?.status === 'running' && trial.stopping ? [{ attempt, reason: trial.stopping.reason }] : [];
  });
}

function recordProgress(tx: Transaction, command: RecordProgress): Replies['RecordProgress'] {
  tx.core.fleet.heard(command.worker, tx.at);
  const abandoned = new Map<string, AttemptName>();
  const withCurrent = (name: AttemptName, use: (study: Study, trial: RunningTrial) => void): void => {
    const current = currentTrial(tx, name);
    if (current !== undefined) use(current.study, current.trial);
    else abandoned.set(keyOf(name), { study: name.study, trial: name.trial, attempt: name.attempt });
  };
  for (const started of command.started) {
    withCurrent(started, (study, trial) => {
      if (!recordDataset(tx, study, trial, started.datasetDigest)) abandoned.set(keyOf(started), started);
    });
  }
  for (const report of command.reports) {
    withCurrent(report, (study, trial) => recordReport(tx, study, trial, report.step, report.metrics));
  }
  for (const { study: id, trial: number, attempt, ...saved } of command.saved) {
    withCurrent({ study: id, trial: number, attempt }, (study, trial) => recordSaved(tx, study, trial, saved));
  }
  for (const result of command.results) {
    withCurrent(result, (study, trial) => endAttempt(tx, study, trial, result.outcome, result.error));
  }
  return { abandoned: [...abandoned.values()] };
}

/** Pins the study's data to what its first attempt read; false when this attempt read other data and was ended. */
function recordDataset(tx: Transaction, study: Study, trial: RunningTrial, digest: string): boolean {
  if (digest === '' || digest === study.datasetDigest) return true;
  if (study.datasetDigest === '') {
    tx.emit({ type: 'DatasetPinned', study: study.id, at: tx.at, digest });
    return true;
  }
  const worker = trial.attempts[attemptNumber(trial) - 1]!.workerName;
  const reason = `${worker} has other data: digest ${digest.slice(0, 12)}, the study's is ${study.datasetDigest.slice(0, 12)}`;
  endAttempt(tx, study, trial, 'refused', reason);
  return false;
}

function expireLeases(tx: Transaction): void {
  const { fleet, leaseMs } = tx.core;
  fleet.checked(tx.at, leaseMs);
  for (const worker of [...fleet.silent(tx.at, leaseMs)]) {
    const reason = `its worker was not heard of for ${Math.round((tx.at - worker.heardAt) / 100) / 10} s`;
    for (const name of [...worker.attempts.values()]) {
      const current = currentTrial(tx, name);
      if (current !== undefined) endAttempt(tx, current.study, current.trial, 'lost', reason);
    }
  }
}

function endOverdueStudies(tx: Transaction): void {
  for (const study of tx.core.state.studies.values()) {
    const { timeMs } = study.spec.budget;
    if (timeMs === undefined || study.startedAt === undefined || study.status !== 'running') continue;
    if (tx.at - study.startedAt - study.pausedMs < timeMs) continue;
    endStudy(tx, study, 'time', `its time of ${timeMs / 1000} s is over`);
  }
}
