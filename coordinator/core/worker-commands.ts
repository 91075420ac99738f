import { recordSaved } from './artifacts.js';
import { type AttemptName, keyOf } from './attempt-name.js';
import type { AttachWorker, DismissWorker, HearWorker, PardonWorker, RecordProgress } from './commands.js';
import type { StopReason } from './events.js';
import type { Leaving } from './fleet.js';
import { currentTrial, endAttempt, noteLateResult, recordReport } from './lifecycle.js';
import { type Decision, findWorker, isRefusal } from './lookup.js';
import { dataKeyOf } from './objective-facts.js';
import type { State } from './state.js';
import type { Study } from './study.js';
import type { Transaction } from './transaction.js';
import { attemptNumber, type RunningTrial } from './trial.js';

/** What a worker is told of the attempts that it says it holds. */
export interface HoldsReply {
  /** These go on. */
  readonly continued: readonly AttemptName[];
  /** These count no more. */
  readonly abandoned: readonly AttemptName[];
  /** How it is to leave, once somebody has asked for it. Every answer says so, since any of them may be lost. */
  readonly leaving: Leaving | undefined;
}

export interface AttachReply extends HoldsReply {
  /** Continued attempts that are to stop: the stop may have been lost with the old session. */
  readonly stops: readonly { readonly attempt: AttemptName; readonly why: StopReason; readonly reason: string }[];
}

export type ProgressReply = Omit<HoldsReply, 'continued'>;

export interface WorkerReply {
  readonly worker: string;
}

/** What the worker does not present, it does not run: the assignment went down with the old session, so it is lost. */
export function attachWorker(tx: Transaction, { profile, holds }: AttachWorker): AttachReply {
  const worker = tx.core.fleet.attach(profile, tx.at);
  const reply = sortHolds(tx, holds);
  const presented = new Set(reply.continued.map(keyOf));
  for (const name of [...worker.attempts.values()]) {
    if (presented.has(keyOf(name))) continue;
    const current = currentTrial(tx, name);
    if (current !== undefined) endAttempt(tx, current.study, current.trial, 'lost', 'its worker came back without it');
  }
  return { ...reply, stops: stopsOf(tx.core.state, reply.continued), leaving: worker.leaving };
}

/** A draining worker has given back all that it knew of: what is left was assigned while it left, and never began. */
export function detachWorker(tx: Transaction, id: string): void {
  const worker = tx.core.fleet.workers.get(id);
  const left = worker?.draining ? [...worker.attempts.values()] : [];
  tx.core.fleet.detach(id);
  for (const name of left) {
    const current = currentTrial(tx, name);
    if (current !== undefined) endAttempt(tx, current.study, current.trial, 'handed_back', 'its worker was leaving');
  }
}

export function hearWorker(tx: Transaction, { worker, holds, gpuUse }: HearWorker): HoldsReply {
  const leaving = tx.core.fleet.heard(worker, tx.at)?.leaving;
  if (gpuUse !== undefined) tx.core.fleet.use(worker, gpuUse);
  return { ...sortHolds(tx, holds), leaving };
}

function sortHolds(tx: Transaction, holds: readonly AttemptName[]): Omit<HoldsReply, 'leaving'> {
  const continued: AttemptName[] = [];
  const abandoned: AttemptName[] = [];
  for (const name of holds) (currentTrial(tx, name) === undefined ? abandoned : continued).push(name);
  return { continued, abandoned };
}

function stopsOf(state: State, names: readonly AttemptName[]): AttachReply['stops'] {
  return names.flatMap((attempt) => {
    const trial = state.studies.get(attempt.study)?.trials[attempt.trial];
    return trial?.status === 'running' && trial.stopping ? [{ attempt, ...trial.stopping }] : [];
  });
}

/** Takes in what the attempts of a worker did. What does not count any more is answered, and changes nothing (P3). */
export function recordProgress(tx: Transaction, command: RecordProgress): ProgressReply {
  const worker = tx.core.fleet.heard(command.worker, tx.at);
  const abandoned = new Map<string, AttemptName>();
  const abandon = (name: AttemptName): void => {
    abandoned.set(keyOf(name), { study: name.study, trial: name.trial, attempt: name.attempt });
  };
  const withCurrent = (name: AttemptName, use: (study: Study, trial: RunningTrial) => void): void => {
    const current = currentTrial(tx, name);
    if (current !== undefined) use(current.study, current.trial);
    else abandon(name);
  };
  for (const started of command.started) {
    withCurrent(started, (study, trial) => {
      if (!recordDataset(tx, study, trial, started.datasetDigest)) abandoned.set(keyOf(started), started);
    });
  }
  for (const report of command.reports) {
    const current = currentTrial(tx, report);
    if (current !== undefined) recordReport(tx, current.study, current.trial, report.step, report.metrics);
    else abandon(report);
  }
  for (const { study: id, trial: number, attempt, ...saved } of command.saved) {
    withCurrent({ study: id, trial: number, attempt }, (study, trial) => recordSaved(tx, study, trial, saved));
  }
  for (const result of command.results) {
    withCurrent(result, (study, trial) => endAttempt(tx, study, trial, result.outcome, result.error));
    if (abandoned.size > 0 && abandoned.has(keyOf(result))) noteLateResult(tx, result, result.outcome);
  }
  return { abandoned: [...abandoned.values()], leaving: worker?.leaving };
}

/**
 * Pins the study's data to what the first attempt read that was to read these (P19); false when this attempt read other data and
 * was ended.
 */
function recordDataset(tx: Transaction, study: Study, trial: RunningTrial, digest: string): boolean {
  const key = dataKeyOf(study.spec, trial.params);
  const pinned = study.datasetDigests.get(key);
  if (digest === '' || digest === pinned) return true;
  if (pinned === undefined) {
    tx.emit({ type: 'DatasetPinned', study: study.id, at: tx.at, digest, ...(key === '' ? {} : { key }) });
    return true;
  }
  const worker = trial.attempts[attemptNumber(trial) - 1]!.workerName;
  const reason = `${worker} has other data: digest ${digest.slice(0, 12)}, the study's is ${pinned.slice(0, 12)}`;
  endAttempt(tx, study, trial, 'refused', reason);
  return false;
}

/** Asks a worker to leave. It gets nothing more from now on, and hears of it with the next answer. */
export function dismissWorker(tx: Transaction, { worker: name, leaving }: DismissWorker): Decision<WorkerReply> {
  const worker = findWorker(tx.core.fleet, name);
  if (isRefusal(worker)) return { refusal: worker };
  tx.core.fleet.drain(worker.id, leaving);
  return { reply: { worker: worker.id } };
}

/** Ends a worker's quarantine and forgets what led to it. */
export function pardonWorker(tx: Transaction, { worker: name }: PardonWorker): Decision<WorkerReply> {
  const worker = findWorker(tx.core.fleet, name);
  if (isRefusal(worker)) return { refusal: worker };
  tx.core.fleet.pardon(worker);
  return { reply: { worker: worker.id } };
}
