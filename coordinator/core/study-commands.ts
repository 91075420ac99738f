import { MOST_OPEN_STUDIES, MOST_QUEUED, MOST_STUDIES, MOST_TRIALS } from '../limits.js';
import type { AdjustStudy, Amount, ControlStudy, CreateStudy, DeleteStudy, EnqueueTrial } from './commands.js';
import { endStudy, settle } from './lifecycle.js';
import { conflict, type Decision, findStudy, isRefusal, limit } from './lookup.js';
import type { SearchSpec } from './spec.js';
import type { State } from './state.js';
import { type Study, timeUsed } from './study.js';
import type { Transaction } from './transaction.js';

export interface StudyReply {
  readonly study: string;
}

export function createStudy(
  tx: Transaction,
  { requestId, spec, source, drawnSeed }: CreateStudy,
): Decision<StudyReply> {
  const { state } = tx.core;
  const before = made(tx, requestId);
  if (before !== undefined) return { reply: before };
  if (state.studies.size >= MOST_STUDIES) {
    return limit(`there are ${state.studies.size} studies, at most ${MOST_STUDIES} are kept: delete some first`);
  }
  if (state.active.size >= MOST_OPEN_STUDIES) {
    const words = `${state.active.size} studies have not finished, at most ${MOST_OPEN_STUDIES} may be open at a time`;
    return limit(`${words}: stop some, or wait for them`);
  }
  const study = freeId(state, spec.name);
  const seeded = { ...spec, seed: spec.seed ?? drawnSeed };
  tx.emit({ type: 'StudyCreated', study, at: tx.at, requestId, spec: seeded, source });
  return { reply: { study } };
}

/** The name itself, or with the first free one of -2, -3, ... behind it. */
function freeId({ studies, deleted }: State, name: string): string {
  const isTaken = (id: string): boolean => studies.has(id) || deleted.has(id);
  if (!isTaken(name)) return name;
  let suffix = 2;
  while (isTaken(`${name}-${suffix}`)) suffix += 1;
  return `${name}-${suffix}`;
}

export function controlStudy(tx: Transaction, command: ControlStudy): Decision<StudyReply> {
  const study = findStudy(tx.core.state, command.study);
  if (isRefusal(study)) return { refusal: study };
  const ended = study.status === 'ending' || study.status === 'finished';
  switch (command.action) {
    case 'stop':
      if (!ended) endStudy(tx, study, 'stopped', 'stopped by request');
      break;
    case 'pause':
      if (ended) return conflict(`study ${study.id} has ended: it cannot be paused`);
      if (study.status === 'running') tx.emit({ type: 'StudyPaused', study: study.id, at: tx.at });
      break;
    case 'resume':
      if (ended) return conflict(`study ${study.id} has ended: it cannot be resumed`);
      if (study.status === 'paused') tx.emit({ type: 'StudyResumed', study: study.id, at: tx.at });
      break;
  }
  return { reply: { study: study.id } };
}

/** Changes what a study may use. A study that had used its budget up goes on when it has some again. */
export function adjustStudy(tx: Transaction, command: AdjustStudy): Decision<StudyReply> {
  const before = made(tx, command.requestId);
  if (before !== undefined) return { reply: before };
  const study = findStudy(tx.core.state, command.study);
  if (isRefusal(study)) return { refusal: study };
  const changesBudget = command.trials !== undefined || command.timeMs !== undefined;
  const fault = (changesBudget ? undefined : endedFault(study)) ?? budgetFault(study, command, tx.at);
  if (fault !== undefined) return conflict(`study ${study.id} ${fault}`);
  const { parallel, priority, requestId } = command;
  tx.emit({
    type: 'StudyAdjusted',
    study: study.id,
    at: tx.at,
    requestId,
    ...(changesBudget ? { budget: budgetAfter(study, command) } : {}),
    ...(parallel === undefined ? {} : { parallel }),
    ...(priority === undefined ? {} : { priority }),
  });
  if (study.status === 'finished' && changesBudget) tx.emit({ type: 'StudyReopened', study: study.id, at: tx.at });
  // A study that was reopened has nothing to do either, where its space was exhausted by its last trial.
  settle(tx, study);
  return { reply: { study: study.id } };
}

function endedFault(study: Study): string | undefined {
  return study.status === 'ending' || study.status === 'finished'
    ? 'has ended: nothing runs that this would change'
    : undefined;
}

type BudgetChange = Pick<AdjustStudy, 'trials' | 'timeMs'>;

/** Why the budget cannot become what is asked for; undefined when it can. */
function budgetFault(study: Study, change: BudgetChange, at: number): string | undefined {
  const { trials, timeMs } = change;
  if (trials === undefined && timeMs === undefined) return undefined;
  const { budget } = study.spec;
  if (study.status === 'ending') return 'is being ended: try again when it has finished';
  if (study.why !== undefined && study.why !== 'trials' && study.why !== 'time') {
    return `has finished for another reason than its budget (${study.detail}): it cannot be extended`;
  }
  if (isMore(trials) && budget.trials === undefined) return 'has no budget of trials to add to: give the whole number';
  if (isMore(timeMs) && budget.timeMs === undefined) return 'has no budget of time to add to: give the whole time';
  const after = budgetAfter(study, change);
  const used = timeUsed(study, at);
  if (trials !== undefined && after.trials! > MOST_TRIALS) {
    return `would have a budget of ${after.trials} trials: at most ${MOST_TRIALS} are possible`;
  }
  if (trials !== undefined && after.trials! < study.proposed) {
    return `has started ${study.proposed} trials already: its budget must be at least that, not ${after.trials}`;
  }
  if (timeMs !== undefined && after.timeMs! <= used) {
    return `has used ${inSeconds(used)} already: its budget of time must be more, not ${inSeconds(after.timeMs!)}`;
  }
  if (study.status !== 'finished') return undefined;
  if (after.trials !== undefined && study.proposed >= after.trials) {
    return `has used up its budget of ${after.trials} trials: give it more of them`;
  }
  if (after.timeMs !== undefined && used >= after.timeMs) {
    return `has used up its budget of ${inSeconds(after.timeMs)}: give it more time`;
  }
  return undefined;
}

function budgetAfter({ spec: { budget } }: Study, { trials, timeMs }: BudgetChange): SearchSpec['budget'] {
  return {
    ...budget,
    ...(trials === undefined ? {} : { trials: amountOf(trials, budget.trials ?? 0) }),
    ...(timeMs === undefined ? {} : { timeMs: amountOf(timeMs, budget.timeMs ?? 0) }),
  };
}

function amountOf(amount: Amount, before: number): number {
  return 'total' in amount ? amount.total : before + amount.more;
}

function isMore(amount: Amount | undefined): boolean {
  return amount !== undefined && 'more' in amount;
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** Only what has come to its end can be deleted: the attempts of a study must know where they belong. */
export function deleteStudy(tx: Transaction, command: DeleteStudy): Decision<StudyReply> {
  const study = findStudy(tx.core.state, command.study);
  if (isRefusal(study)) return { refusal: study };
  const { id } = study;
  if (study.status !== 'finished')
    return conflict(`study ${id} has not finished: stop it first, with "assay stop ${id}"`);
  if (tx.core.state.active.has(study))
    return conflict(`a re-run of study ${id} has not ended: stop it, or wait for it`);
  tx.emit({ type: 'StudyDeleted', study: id, at: tx.at });
  return { reply: { study: id } };
}

/** Puts a configuration into the queue, where the budget has a trial left for it. */
export function enqueueTrial(tx: Transaction, { requestId, study: id, params }: EnqueueTrial): Decision<StudyReply> {
  const before = made(tx, requestId);
  if (before !== undefined) return { reply: before };
  const study = findStudy(tx.core.state, id);
  if (isRefusal(study)) return { refusal: study };
  const { trials } = study.spec.budget;
  const queued = study.queue.length - study.enqueued;
  if (queued >= MOST_QUEUED) {
    return limit(`study ${study.id} has ${queued} configurations in its queue, at most ${MOST_QUEUED} may wait there`);
  }
  const extend = `extend it first, with "assay extend ${study.id} --trials +1"`;
  if (trials !== undefined && study.proposed + queued >= trials) {
    return conflict(`study ${study.id} has no trial of its ${trials} left for it: ${extend}`);
  }
  if (study.status === 'ending' || study.status === 'finished') {
    return conflict(`study ${study.id} has ended (${study.detail}): nothing more runs in it`);
  }
  tx.emit({ type: 'ConfigurationEnqueued', study: study.id, at: tx.at, requestId, params });
  return { reply: { study: study.id } };
}

/** What a request made that comes again (P2). */
function made(tx: Transaction, requestId: string): StudyReply | undefined {
  const before = requestId === '' ? undefined : tx.core.state.requests.get(requestId);
  return before === undefined ? undefined : { study: before.study };
}
