import type { TrialEvent } from './events.js';
import { plannedSteps } from './objective-facts.js';
import { indexHolding, type References } from './references.js';
import { metricOf, type Study } from './study.js';
import { evolveTrial, isFailure, newestAttempt, succeeded, type Trial, trainingSeconds } from './trial.js';

/**
 * Folds an event of a trial into its study.
 *
 * @throws {Error} when the event cannot follow (a broken log is a bug)
 */
export function applyToTrial(artifacts: References, study: Study, event: TrialEvent): void {
  const { trials } = study;
  const before = trials[event.trial];
  const after = evolveTrial(before, event);
  if (before === undefined && event.trial !== trials.length) {
    throw new Error(`the log is broken: trial ${event.trial} of ${study.id} follows ${trials.length - 1}`);
  }
  // A report is appended in place, and is by far the most frequent event: nothing is filed anew for it.
  if (before !== after) {
    trials[event.trial] = after;
    if (before?.status !== after.status) reindex(study, before, after);
    if (artifacts.follow(before, after)) indexHolding(study, after);
  }
  // An invalidated trial leaves the history at once; what it does afterwards is no part of it.
  const remembered = after.rerunOf === undefined && before?.invalidated === undefined;
  count(study, event, before, after);
  if (remembered) remember(study, event, after);
}

/** Keeps the sets and counts by status. */
function reindex(study: Study, before: Trial | undefined, after: Trial): void {
  if (before?.status === 'waiting') {
    if (before.notBefore === undefined) study.waiting.delete(after.number);
    else study.delayed.remove(after.number, before.notBefore);
  }
  if (before?.status === 'running') study.running.delete(after.number);
  if (before?.status === 'paused') study.paused.delete(after.number);
  if (after.status === 'waiting') {
    if (after.notBefore === undefined) study.waiting.add(after.number);
    else study.delayed.add(after.number, after.notBefore);
  }
  if (after.status === 'running') study.running.add(after.number);
  if (after.status === 'paused') study.paused.add(after.number);
  if (after.rerunOf !== undefined) return;
  if (before !== undefined) study.counts[before.status] -= 1;
  study.counts[after.status] += 1;
}

/** Keeps the study's sums. */
function count(study: Study, event: TrialEvent, before: Trial | undefined, trial: Trial): void {
  switch (event.type) {
    case 'TrialProposed':
      if (event.rerunOf === undefined) study.proposed += 1;
      if (event.repeatOf !== undefined) study.repeated += 1;
      if (event.origin === 'enqueued') study.enqueued += 1;
      break;
    case 'AttemptStarted':
      study.startedAt ??= event.at;
      break;
    case 'TrialReported':
      if (trial.rerunOf === undefined) study.stepsRun += 1;
      study.evidence.worked(newestAttempt(trial)!.worker);
      break;
    case 'AttemptEnded':
      learn(study, trial);
      if (event.fate === 'failed' && trial.rerunOf === undefined) noteFailure(study, event.reason);
      if (before?.status === 'running' && before.stopping?.why === 'pruned' && event.fate === 'pruned') {
        study.stepsSaved += stepsLeft(study, trial);
      }
      break;
    case 'TrialWithdrawn':
      if (before?.status === 'paused') study.stepsSaved += stepsLeft(study, trial);
      break;
    case 'TrialInvalidated':
      study.invalidated += 1;
      // The sampler may have something to propose again: what was invalidated.
      study.exhausted = false;
      break;
    case 'AttemptResumed':
    case 'StopRequested':
    case 'ResultIgnored':
    case 'CheckpointSaved':
    case 'WeightsSaved':
    case 'OutputSaved':
    case 'ArtifactsReleased':
      break;
  }
}

/** What the end of an attempt says about its worker. */
function learn(study: Study, trial: Trial): void {
  const attempt = newestAttempt(trial)!;
  const reason = attempt.ended?.reason ?? '';
  if (attempt.ended?.end === 'refused') study.refusedBy.set(attempt.worker, reason);
  else if (succeeded(attempt)) study.evidence.worked(attempt.worker);
  else if (isFailure(attempt)) study.evidence.failed(attempt.worker, reason);
}

function noteFailure(study: Study, reason: string): void {
  const { failure } = study;
  study.failure = { reason, alike: failure === undefined || (failure.alike && failure.reason === reason) };
}

/** Steps that a pruned trial did not train; 0 where the objective does not say how many it would. */
function stepsLeft(study: Study, trial: Trial): number {
  const planned = plannedSteps(study.spec.objective, trial.params);
  return Math.max(0, planned - (trial.reports.at(-1)?.step ?? 0));
}

/** Tells the samplers' history. */
function remember(study: Study, event: TrialEvent, trial: Trial): void {
  const { history } = study;
  switch (event.type) {
    case 'TrialProposed':
      history.propose(event.trial, event.params, event.origin, event.draws, event.repeatOf);
      break;
    case 'AttemptStarted':
      history.start(event.trial, event.knownStep);
      break;
    case 'AttemptResumed':
      history.start(event.trial, Number.POSITIVE_INFINITY);
      break;
    case 'TrialReported': {
      const value = metricOf(study, event);
      if (value !== undefined) history.report(event.trial, event.step, value);
      break;
    }
    case 'TrialWithdrawn':
      history.end(event.trial, 'pruned', trainingSeconds(trial));
      break;
    case 'AttemptEnded':
      if (event.fate === 'waiting') history.requeue(event.trial);
      else if (event.fate === 'paused') history.pause(event.trial);
      else history.end(event.trial, event.fate, trainingSeconds(trial));
      break;
    case 'TrialInvalidated':
      study.history = history.without(event.trial);
      break;
    case 'StopRequested':
    case 'ResultIgnored':
    case 'CheckpointSaved':
    case 'WeightsSaved':
    case 'OutputSaved':
    case 'ArtifactsReleased':
      break;
  }
}
