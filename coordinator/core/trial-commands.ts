import { MOST_TRIALS } from '../limits.js';
import type { InvalidateTrial, RerunTrial, StopTrial } from './commands.js';
import { requestStop, settle, withdraw } from './lifecycle.js';
import { conflict, type Decision, findStudy, findTrial, isRefusal, limit, type Refusal } from './lookup.js';
import type { Study } from './study.js';
import type { Transaction } from './transaction.js';
import { isFinal, type Trial } from './trial.js';

export interface TrialReply {
  readonly study: string;
  readonly trial: number;
}

/** A new trial that repeats configuration and seed of another, beside budget, ranking and history. */
export function rerunTrial(
  tx: Transaction,
  { requestId, study: id, trial: number, seed }: RerunTrial,
): Decision<TrialReply> {
  const before = requestId === '' ? undefined : tx.core.state.requests.get(requestId);
  if (before?.trial !== undefined) return { reply: { study: before.study, trial: before.trial } };
  const study = findStudy(tx.core.state, id);
  if (isRefusal(study)) return { refusal: study };
  const original = findTrial(study, number);
  if (isRefusal(original)) return { refusal: original };
  if (study.status === 'ending') {
    return conflict(`study ${study.id} is being stopped: try again when it has ended`);
  }
  const trial = study.trials.length;
  if (trial >= MOST_TRIALS) return limit(`study ${study.id} has ${trial} trials, at most ${MOST_TRIALS} are possible`);
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

/** Ends a trial with what it has: one that runs is told to stop, one that waits or rests is over at once. */
export function stopTrial(tx: Transaction, command: StopTrial): Decision<TrialReply> {
  const found = find(tx, command);
  if (isRefusal(found)) return { refusal: found };
  const { study, trial } = found;
  if (isFinal(trial)) {
    return conflict(`trial ${trial.number} of study ${study.id} has ended: it is ${trial.status}`);
  }
  end(tx, study, trial, 'stopped by request');
  return { reply: { study: study.id, trial: trial.number } };
}

/** Takes a trial out of ranking and history, and ends it where it has not ended. */
export function invalidateTrial(tx: Transaction, command: InvalidateTrial): Decision<TrialReply> {
  const found = find(tx, command);
  if (isRefusal(found)) return { refusal: found };
  const { study, trial } = found;
  const { number } = trial;
  if (trial.rerunOf !== undefined) {
    return conflict(`trial ${number} of study ${study.id} is a re-run: neither ranking nor sampler know it`);
  }
  if (trial.invalidated === undefined) {
    const { reason } = command;
    tx.emit({ type: 'TrialInvalidated', study: study.id, trial: number, at: tx.at, reason });
    end(tx, study, study.trials[number]!, reason === '' ? 'invalidated' : `invalidated: ${reason}`);
  }
  return { reply: { study: study.id, trial: number } };
}

function find(
  tx: Transaction,
  { study: id, trial: number }: TrialReply,
): { readonly study: Study; readonly trial: Trial } | Refusal {
  const study = findStudy(tx.core.state, id);
  if (isRefusal(study)) return study;
  const trial = findTrial(study, number);
  return isRefusal(trial) ? trial : { study, trial };
}

function end(tx: Transaction, study: Study, trial: Trial, reason: string): void {
  if (trial.status === 'running') requestStop(tx, study, trial, 'person', reason);
  else if (!isFinal(trial)) withdraw(tx, study, trial.number, reason);
  settle(tx, study);
}
