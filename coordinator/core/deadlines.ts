import { currentTrial, endAttempt, endStudy } from './lifecycle.js';
import { type Study, timeUsed } from './study.js';
import type { Transaction } from './transaction.js';
import { newestAttempt } from './trial.js';

/** Compares everything that has a time with the clock. */
export function checkDeadlines(tx: Transaction): void {
  expireLeases(tx);
  for (const study of [...tx.core.state.active]) {
    endOverdueAttempts(tx, study);
    endOverdueStudy(tx, study);
  }
  tx.core.fleet.endQuarantines(tx.at);
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

/**
 * Workers end attempts at their time limit themselves. One that is a whole lease past it has a worker that does not: it
 * is ended here, and its worker learns that it does not count any more when it is next heard.
 */
function endOverdueAttempts(tx: Transaction, study: Study): void {
  const { trialTimeMs } = study.spec.limits;
  if (trialTimeMs === undefined) return;
  for (const number of [...study.running]) {
    const trial = study.trials[number]!;
    if (trial.status !== 'running' || tx.at - newestAttempt(trial)!.startedAt < trialTimeMs + tx.core.leaseMs) continue;
    endAttempt(tx, study, trial, 'timed_out', `time limit of ${trialTimeMs / 1000} s reached, and its worker went on`);
  }
}

function endOverdueStudy(tx: Transaction, study: Study): void {
  const { timeMs } = study.spec.budget;
  if (timeMs === undefined || study.startedAt === undefined || study.status !== 'running') return;
  if (timeUsed(study, tx.at) >= timeMs) endStudy(tx, study, 'time', `its time of ${timeMs / 1000} s is over`);
}
