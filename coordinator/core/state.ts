import type { Event, StudyAdjusted, StudyCreated } from './events.js';
import { applyToTrial } from './fold-trial.js';
import { References } from './references.js';
import { newStudy, type Study } from './study.js';

/** Everything the log says. */
export interface State {
  /** Events folded so far: the log position that suggestions refer to. */
  events: number;
  /** In the order of their creation. */
  readonly studies: Map<string, Study>;
  /** Those that have not finished, or have a re-run that has not. */
  readonly active: Set<Study>;
  /** Ids of studies that were deleted. None is given again: an attempt's name must mean one attempt for ever. */
  readonly deleted: Set<string>;
  /** What a request created, so that its repetition creates nothing. */
  readonly requests: Map<string, { readonly study: string; readonly trial?: number }>;
  /** What trials refer to in the artifact store. */
  readonly artifacts: References;
}

export function emptyState(): State {
  return {
    events: 0,
    studies: new Map(),
    active: new Set(),
    deleted: new Set(),
    requests: new Map(),
    artifacts: new References(),
  };
}

/**
 * Folds one event into the state, in place: copying the index for every event makes replay quadratic.
 *
 * @throws {Error} when the event cannot follow (a broken log is a bug)
 */
export function apply(state: State, event: Event): void {
  state.events += 1;
  if (event.type === 'StudyCreated') {
    addStudy(state, event);
    return;
  }
  const study = state.studies.get(event.study);
  if (study === undefined) throw new Error(`the log is broken: ${event.type} of unknown study ${event.study}`);
  study.revision += 1;
  applyToStudy(state, study, event);
  if (isActive(study)) state.active.add(study);
  else state.active.delete(study);
}

function applyToStudy(state: State, study: Study, event: Exclude<Event, StudyCreated>): void {
  switch (event.type) {
    case 'StudyPaused':
      study.status = 'paused';
      study.pausedAt = event.at;
      break;
    case 'StudyResumed':
      study.status = 'running';
      endPause(study, event.at);
      break;
    case 'StudyExhausted':
      study.exhausted = true;
      break;
    case 'StudyEnding':
      study.status = 'ending';
      endPause(study, event.at);
      study.why = event.why;
      study.detail = event.detail;
      break;
    case 'StudyFinished':
      study.status = 'finished';
      endPause(study, event.at);
      study.why = event.why;
      study.detail = event.detail;
      study.finishedAt = event.at;
      break;
    case 'StudyAdjusted':
      adjust(study, event);
      if (event.requestId !== '') state.requests.set(event.requestId, { study: study.id });
      break;
    case 'StudyReopened':
      study.status = 'running';
      study.why = undefined;
      study.detail = '';
      study.pausedMs += event.at - (study.finishedAt ?? event.at);
      study.finishedAt = undefined;
      break;
    case 'StudyDeleted':
      state.studies.delete(study.id);
      state.deleted.add(study.id);
      state.artifacts.forget(study);
      break;
    case 'DatasetPinned':
      study.datasetDigests.set(event.key ?? '', event.digest);
      break;
    case 'ConfigurationEnqueued':
      study.queue.push(event.params);
      if (event.requestId !== '') state.requests.set(event.requestId, { study: study.id });
      break;
    default:
      applyToTrial(state.artifacts, study, event);
      if (event.type === 'TrialProposed' && event.requestId !== undefined) {
        state.requests.set(event.requestId, { study: study.id, trial: event.trial });
      }
  }
}

function addStudy(state: State, event: StudyCreated): void {
  const { study: id, requestId } = event;
  if (state.studies.has(id) || state.deleted.has(id)) {
    throw new Error(`the log is broken: study ${id} is created twice`);
  }
  const study = newStudy(event);
  state.studies.set(id, study);
  state.artifacts.study(study.spec);
  state.active.add(study);
  if (requestId !== '') state.requests.set(requestId, { study: id });
}

/** Whether anything of it may still happen by itself. */
export function isActive({ status, waiting, delayed, running }: Study): boolean {
  return status !== 'finished' || waiting.size + delayed.size + running.size > 0;
}

function endPause(study: Study, at: number): void {
  study.pausedMs += at - (study.pausedAt ?? at);
  study.pausedAt = undefined;
}

function adjust(study: Study, { budget, parallel, priority }: StudyAdjusted): void {
  const { parallel: before, ...spec } = study.spec;
  const after = parallel ?? before ?? 0;
  study.spec = {
    ...spec,
    ...(budget === undefined ? {} : { budget }),
    ...(after === 0 ? {} : { parallel: after }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** The newest study, which an omitted id means. */
export function latestStudy(state: State): Study | undefined {
  let latest: Study | undefined;
  for (const study of state.studies.values()) latest = study;
  return latest;
}
