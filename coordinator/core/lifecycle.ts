import { releaseArtifacts } from './artifacts.js';
import { type AttemptEnd, type EndReason, type Fate, toLogged } from './events.js';
import type { AttemptName } from './fleet.js';
import type { Study } from './state.js';
import type { Transaction } from './transaction.js';
import { attemptNumber, newestAttempt, type RunningTrial, type Trial } from './trial.js';

/** As many first trials failing for one reason mean that the study's code or data is broken, not its configurations. */
export const FAILING_TRIALS = 3;

/** Makes a named attempt current, reviving one that was lost and has no successor; undefined when it counts no more. */
export function currentTrial(tx: Transaction, name: AttemptName): { study: Study; trial: RunningTrial } | undefined {
  const study = tx.core.state.studies.get(name.study);
  const trial = study?.trials[name.trial];
  if (study === undefined || trial === undefined || attemptNumber(trial) !== name.attempt) return undefined;
  if (trial.status === 'running') return { study, trial };
  if (trial.status !== 'waiting' || newestAttempt(trial)?.ended?.end !== 'lost') return undefined;
  tx.emit({ type: 'AttemptResumed', study: study.id, trial: trial.number, attempt: name.attempt, at: tx.at });
  return { study, trial: study.trials[trial.number] as RunningTrial };
}

/** Records one step and lets the pruner judge it. A step that is not newer than the last one is a repetition. */
export function recordReport(
  tx: Transaction,
  study: Study,
  trial: RunningTrial,
  step: number,
  metrics: Readonly<Record<string, number>>,
): void {
  if (step <= (trial.reports.at(-1)?.step ?? 0)) return;
  const logged = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, toLogged(value)]));
  const name = { study: study.id, trial: trial.number, attempt: attemptNumber(trial) };
  tx.emit({ type: 'TrialReported', ...name, at: tx.at, step, metrics: logged });
  if (trial.stopping !== undefined || trial.rerunOf !== undefined || !(study.spec.metric.name in metrics)) return;
  const verdict = study.pruner.judge(study.history, trial.number);
  if (verdict.prune) tx.emit({ type: 'StopRequested', ...name, at: tx.at, why: 'pruned', reason: verdict.reason });
}

/** Ends a running attempt and decides what becomes of its trial, and of its study. */
export function endAttempt(tx: Transaction, study: Study, trial: RunningTrial, end: AttemptEnd, error: string): void {
  const { fate, reason } = fateOf(study, trial, end, error);
  const name = { study: study.id, trial: trial.number, attempt: attemptNumber(trial) };
  tx.emit({ type: 'AttemptEnded', ...name, at: tx.at, end, fate, reason });
  if (fate !== 'waiting') releaseArtifacts(tx, study);
  if (fate === 'failed') endIfFailing(tx, study);
  settle(tx, study);
}

/** What becomes of a trial whose attempt ends, and why, in words for people. */
function fateOf(study: Study, trial: RunningTrial, end: AttemptEnd, error: string): { fate: Fate; reason: string } {
  // Whoever was told to stop and came to its end all the same has a full result, which is worth more than a pruned one.
  if (end === 'completed') return { fate: 'complete', reason: error };
  if (trial.stopping !== undefined) return { fate: 'pruned', reason: trial.stopping.reason };
  const retry = (end !== 'lost' && end !== 'failed') || mayRetry(study, trial, end, error);
  return { fate: retry ? 'waiting' : 'failed', reason: error };
}

/**
 * Lost and failed attempts are tried again, up to `limits.attempts` in all. Code that fails twice in a row with the same
 * words will do so a third time, so it is not asked.
 */
function mayRetry(study: Study, trial: Trial, end: 'lost' | 'failed', reason: string): boolean {
  const spent = trial.attempts.filter(({ ended }) => ended?.end === 'lost' || ended?.end === 'failed');
  if (spent.length + 1 >= study.spec.limits.attempts) return false;
  const last = spent.at(-1)?.ended;
  return !(end === 'failed' && last?.end === 'failed' && last.reason === reason);
}

function endIfFailing(tx: Transaction, study: Study): void {
  const { counts, trials } = study;
  if (study.status !== 'running' && study.status !== 'paused') return;
  if (counts.failed < FAILING_TRIALS || counts.complete + counts.pruned > 0) return;
  const failed = trials.filter((trial) => trial.status === 'failed' && trial.rerunOf === undefined);
  const reasons = new Set(failed.map((trial) => (trial.status === 'failed' ? trial.reason : '')));
  const [reason] = reasons;
  if (reasons.size > 1 || reason === undefined) return;
  endStudy(tx, study, 'failing', `the first ${failed.length} trials failed for the same reason: ${reason}`);
}

/** Starts nothing more, takes back what waits and tells what runs to stop. */
export function endStudy(tx: Transaction, study: Study, why: EndReason, detail: string): void {
  tx.emit({ type: 'StudyEnding', study: study.id, at: tx.at, why, detail });
  for (const trial of [...study.waiting]) {
    tx.emit({ type: 'TrialWithdrawn', study: study.id, trial, at: tx.at, reason: detail });
  }
  for (const number of [...study.running]) {
    const trial = study.trials[number] as RunningTrial;
    if (trial.stopping !== undefined) continue;
    const name = { study: study.id, trial: number, attempt: attemptNumber(trial) };
    tx.emit({ type: 'StopRequested', ...name, at: tx.at, why: 'study', reason: detail });
  }
  settle(tx, study);
}

/** Finishes a study in which nothing is left to do. Re-runs hold nothing up. */
export function settle(tx: Transaction, study: Study): void {
  if (study.status === 'finished' || study.counts.waiting + study.counts.running > 0) return;
  const finish = (why: EndReason, detail: string): void =>
    tx.emit({ type: 'StudyFinished', study: study.id, at: tx.at, why, detail });
  if (study.status === 'ending') finish(study.why!, study.detail);
  else if (study.proposed >= (study.spec.budget.trials ?? Number.POSITIVE_INFINITY)) {
    finish('trials', `all ${study.proposed} trials are done`);
  } else if (study.exhausted)
    finish('exhausted', `all ${study.proposed - study.repeated} configurations of the space were tried`);
}
