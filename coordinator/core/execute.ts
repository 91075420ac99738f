import type { Command } from './commands.js';
import { checkDeadlines } from './deadlines.js';
import type { Event } from './events.js';
import type { Decision, Refusal } from './lookup.js';
import { plan } from './plan.js';
import {
  adjustStudy,
  controlStudy,
  createStudy,
  deleteStudy,
  enqueueTrial,
  type StudyReply,
} from './study-commands.js';
import { type Core, Transaction } from './transaction.js';
import { invalidateTrial, rerunTrial, stopTrial, type TrialReply } from './trial-commands.js';
import {
  type AttachReply,
  attachWorker,
  detachWorker,
  dismissWorker,
  type HoldsReply,
  hearWorker,
  type ProgressReply,
  pardonWorker,
  recordProgress,
  type WorkerReply,
} from './worker-commands.js';

/*
 * The rules that commands keep are those of the protocol, P1 to P19 in ARCHITECTURE.md; comments and tests cite them.
 */

/** What each command answers when it is not refused. */
export interface Replies {
  readonly CreateStudy: StudyReply;
  readonly ControlStudy: StudyReply;
  readonly AdjustStudy: StudyReply;
  readonly DeleteStudy: StudyReply;
  readonly RerunTrial: TrialReply;
  readonly StopTrial: TrialReply;
  readonly InvalidateTrial: TrialReply;
  readonly EnqueueTrial: StudyReply;
  readonly AttachWorker: AttachReply;
  readonly HearWorker: HoldsReply;
  readonly RecordProgress: ProgressReply;
  readonly DrainWorker: null;
  readonly DismissWorker: WorkerReply;
  readonly PardonWorker: WorkerReply;
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

function decide(tx: Transaction, command: Command): Decision<Replies[Command['type']]> {
  switch (command.type) {
    case 'CreateStudy':
      return createStudy(tx, command);
    case 'ControlStudy':
      return controlStudy(tx, command);
    case 'AdjustStudy':
      return adjustStudy(tx, command);
    case 'DeleteStudy':
      return deleteStudy(tx, command);
    case 'RerunTrial':
      return rerunTrial(tx, command);
    case 'StopTrial':
      return stopTrial(tx, command);
    case 'InvalidateTrial':
      return invalidateTrial(tx, command);
    case 'EnqueueTrial':
      return enqueueTrial(tx, command);
    case 'AttachWorker':
      return { reply: attachWorker(tx, command) };
    case 'HearWorker':
      return { reply: hearWorker(tx, command) };
    case 'RecordProgress':
      return { reply: recordProgress(tx, command) };
    case 'DrainWorker':
      tx.core.fleet.drain(command.worker);
      return { reply: null };
    case 'DismissWorker':
      return dismissWorker(tx, command);
    case 'PardonWorker':
      return pardonWorker(tx, command);
    case 'DetachWorker':
      detachWorker(tx, command.worker);
      return { reply: null };
    case 'CheckDeadlines':
      checkDeadlines(tx);
      return { reply: null };
  }
}
