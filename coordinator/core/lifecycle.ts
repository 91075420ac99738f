import { MOST_REPORTS } from '../limits.js';
import { releaseArtifacts } from './artifacts.js';
import type { AttemptName } from './attempt-name.js';
import { LONGEST_DELAY_MS } from './delayed.js';
import {
  type AttemptEnd,
  type AttemptEnded,
  type EndReason,
  type Fate,
  type ReportedEnd,
  type StopReason,
  type TrialReported,
  toLogged,
} from './events.js';
import { plannedSteps } from './objective-facts.js';
import type { Study } from './study.js';
import type { Transaction } from './transaction.js';
import { attemptNumber, newestAttempt, type RunningTrial, type Trial } from './trial.js';

/** As many first trials failing for one reason mean that the study's code or data is broken, not its configurations. */
export const FAILING_TRIALS = 3;

/** The pause after the first failure of a trial, milliseconds. It doubles with each. */
export const RETRY_MS = 1000;

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

/** Records one step and lets pruner and promoter judge it. A step that is not newer than the last one is a repetition. */
export function recordReport(
  tx: Transaction,
  study: Study,
  trial: RunningTrial,
  step: number,
  metrics: Readonly<Record<string, number>>,
): void {
  if (step <= (trial.reports.at(-1)?.step ?? 0)) return;
  if (trial.reports.length >= MOST_REPORTS) {
    const words = `it reported more than ${MOST_REPORTS} steps, and no trial may: report every so many of them`;
    endAttempt(tx, study, trial, 'failed', words);
    return;
  }
  const attempt = attemptNumber(trial);
  const logged = loggedOf(metrics);
  tx.emit({ type: 'TrialReported', study: study.id, trial: trial.number, attempt, at: tx.at, step, metrics: logged });
  if (trial.stopping !== undefined || !isJudged(trial) || !(study.spec.metric.name in metrics)) return;
  const verdict = study.pruner.judge(study.history, trial.number);
  if (verdict.prune) requestStop(tx, study, trial, 'pruned', verdict.reason);
  else if (study.promoter !== undefined && !isLastStep(study, trial, step)) {
    const rest = study.promoter.rest(study.history, trial.number);
    if (rest.pause) requestStop(tx, study, trial, 'rest', rest.reason);
  }
}

/** Metrics as the log has them: as they are, but for what JSON has no number for. */
function loggedOf(metrics: Readonly<Record<string, number>>): TrialReported['metrics'] {
  let finite = true;
  for (const name in metrics) finite &&= Number.isFinite(metrics[name]);
  if (finite) return metrics;
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, toLogged(value)]));
}

/** Re-runs are run to their end, and invalidated trials are no longer in the history. */
function isJudged(trial: Trial): boolean {
  return trial.rerunOf === undefined && trial.invalidated === undefined;
}

/** A trial that has trained all it was to does not rest (P17): its result is on the way. */
function isLastStep(study: Study, trial: Trial, step: number): boolean {
  const planned = plannedSteps(study.spec.objective, trial.params);
  return planned > 0 && step >= planned;
}

/** Tells a running attempt to stop. A rest is no end: whatever comes after it counts instead. */
export function requestStop(tx: Transaction, study: Study, trial: RunningTrial, why: StopReason, reason: string): void {
  if (trial.stopping !== undefined && (trial.stopping.why !== 'rest' || why === 'rest')) return;
  const name = { study: study.id, trial: trial.number, attempt: attemptNumber(trial) };
  tx.emit({ type: 'StopRequested', ...name, at: tx.at, why, reason });
}

/** Ends a running attempt and decides what becomes of its trial, and of its study. */
export function endAttempt(tx: Transaction, study: Study, trial: RunningTrial, end: AttemptEnd, error: string): void {
  const outcome = fateOf(study, trial, end, error);
  const { fate, reason, retryAfterMs } = outcome;
  const event: AttemptEnded = {
    type: 'AttemptEnded',
    study: study.id,
    trial: trial.number,
    attempt: attemptNumber(trial),
    at: tx.at,
    end: fate === 'paused' && end === 'stopped' ? 'paused' : end,
    fate,
    reason,
  };
  tx.emit(retryAfterMs === undefined ? event : { ...event, retryAt: tx.at + retryAfterMs });
  if (fate !== 'waiting' && fate !== 'paused') releaseArtifacts(tx, study);
  if (fate === 'failed') endIfFailing(tx, study);
  settle(tx, study);
}

interface Outcome {
  readonly fate: Fate;
  readonly reason: string;
  /** How long a trial that waits again is not to be started. */
  readonly retryAfterMs?: number;
}

/** What becomes of a trial whose attempt ends (P7), and why, in words for people. */
function fateOf(study: Study, trial: RunningTrial, end: AttemptEnd, error: string): Outcome {
  // Whoever was told to stop and came to its end all the same has a full result, which is worth more than a pruned one.
  if (end === 'completed') return { fate: 'complete', reason: error };
  if (trial.stopping !== undefined) {
    return { fate: trial.stopping.why === 'rest' ? 'paused' : 'pruned', reason: trial.stopping.reason };
  }
  switch (end) {
    case 'timed_out':
      // What it has reported by then counts: it was stopped, by the clock. The next attempt would get no farther.
      return { fate: trial.reports.length > 0 ? 'pruned' : 'failed', reason: error };
    case 'lost':
    case 'failed':
      if (!mayRetry(study, trial, end, error)) return { fate: 'failed', reason: error };
      return { fate: 'waiting', reason: error, ...(end === 'failed' ? { retryAfterMs: backoffMs(trial) } : {}) };
    case 'stopped':
    case 'paused':
    case 'handed_back':
    case 'refused':
      return { fate: 'waiting', reason: error };
  }
}

/**
 * Lost and failed attempts are tried again, up to `limits.attempts` in all (P6). Code that fails twice in a row with the same
 * words will do so a third time, so it is not asked.
 */
function mayRetry(study: Study, trial: Trial, end: 'lost' | 'failed', reason: string): boolean {
  const spent = trial.attempts.filter(({ ended }) => ended?.end === 'lost' || ended?.end === 'failed');
  if (spent.length + 1 >= study.spec.limits.attempts) return false;
  const last = spent.at(-1)?.ended;
  return !(end === 'failed' && last?.end === 'failed' && last.reason === reason);
}

/** The pause after a failure, which doubles from one to the next: what is wrong for a moment has time to get well. */
function backoffMs(trial: Trial): number {
  const before = trial.attempts.filter(({ ended }) => ended?.end === 'failed').length;
  return Math.min(RETRY_MS * 2 ** before, LONGEST_DELAY_MS);
}

/** Records what a worker says of an attempt whose end was decided without it. Said again, it writes nothing. */
export function noteLateResult(tx: Transaction, name: AttemptName, end: ReportedEnd): void {
  const attempt = tx.core.state.studies.get(name.study)?.trials[name.trial]?.attempts[name.attempt - 1];
  const decidedHere = attempt?.ended?.end === 'lost' || attempt?.ended?.end === 'timed_out';
  if (!decidedHere || attempt.lateEnd !== undefined || attempt.ended?.end === end) return;
  const { study, trial, attempt: number } = name;
  tx.emit({ type: 'ResultIgnored', study, trial, attempt: number, at: tx.at, end });
}

function endIfFailing(tx: Transaction, study: Study): void {
  const { counts, failure } = study;
  if (study.status !== 'running' && study.status !== 'paused') return;
  if (counts.failed < FAILING_TRIALS || counts.complete + counts.pruned > 0) return;
  if (failure === undefined || !failure.alike) return;
  endStudy(tx, study, 'failing', `the first ${counts.failed} trials failed for the same reason: ${failure.reason}`);
}

/** Starts nothing more, takes back what waits or rests and tells what runs to stop. */
export function endStudy(tx: Transaction, study: Study, why: EndReason, detail: string): void {
  tx.emit({ type: 'StudyEnding', study: study.id, at: tx.at, why, detail });
  const idle = [...study.waiting, ...study.delayed.numbers(), ...study.paused];
  for (const trial of idle) withdraw(tx, study, trial, detail);
  for (const number of [...study.running]) {
    requestStop(tx, study, study.trials[number] as RunningTrial, 'study', detail);
  }
  settle(tx, study);
}

export function withdraw(tx: Transaction, study: Study, trial: number, reason: string): void {
  tx.emit({ type: 'TrialWithdrawn', study: study.id, trial, at: tx.at, reason });
  releaseArtifacts(tx, study);
}

/**
 * Finishes a study in which nothing is left to do (P11). Re-runs hold nothing up; what rests and is not worth going on with
 * has been run.
 */
export function settle(tx: Transaction, study: Study): void {
  if (study.status === 'finished' || study.counts.waiting + study.counts.running > 0) return;
  const end = endOf(study);
  if (end === undefined) return;
  for (const number of [...study.paused]) {
    const trial = study.trials[number];
    if (trial?.status === 'paused') withdraw(tx, study, number, trial.reason);
  }
  tx.emit({ type: 'StudyFinished', study: study.id, at: tx.at, ...end });
}

/** How a study in which nothing waits or runs has ended; undefined when it goes on. */
function endOf(study: Study): { readonly why: EndReason; readonly detail: string } | undefined {
  if (study.status === 'ending') return { why: study.why!, detail: study.detail };
  if (study.promoter?.next(study.history) !== undefined) return undefined;
  if (study.proposed >= (study.spec.budget.trials ?? Number.POSITIVE_INFINITY)) {
    return { why: 'trials', detail: `all ${study.proposed} trials are done` };
  }
  if (!study.exhausted || study.enqueued < study.queue.length) return undefined;
  const configurations = study.proposed - study.repeated;
  return { why: 'exhausted', detail: `all ${configurations} configurations of the space were tried` };
}
