import {
  createPruner,
  createSampler,
  createSpace,
  History,
  type Pruner,
  Repeats,
  type Sampler,
  type Space,
} from '../../search/index.js';
import { indexHolding, References } from './artifacts.js';
import {
  type EndReason,
  type Event,
  fromLogged,
  type StudyCreated,
  type TrialEvent,
  type TrialReported,
} from './events.js';
import { plannedSteps } from './requirements.js';
import type { SearchSpec } from './spec.js';
import { evolveTrial, type Trial } from './trial.js';

/** How far a study has come. `ending`: nothing more starts and what runs is told to stop. */
export type StudyStatus = 'running' | 'paused' | 'ending' | 'finished';

/** A study and everything folded from its events. Changed in place, by {@link apply} alone. */
export interface Study {
  readonly id: string;
  readonly spec: SearchSpec & { readonly seed: number };
  readonly source: string;
  readonly createdAt: number;
  readonly space: Space;
  readonly sampler: Sampler;
  /** Where every configuration is evaluated several times. */
  readonly repeats: Repeats | undefined;
  readonly pruner: Pruner;
  /** What sampler and pruner see. Re-runs are not in it. */
  readonly history: History;
  readonly trials: Trial[];
  /** Numbers of waiting trials, oldest first. */
  readonly waiting: Set<number>;
  readonly running: Set<number>;
  /** Numbers of trials that have artifacts. */
  readonly holding: Set<number>;
  /** Trials by status, re-runs left out. */
  readonly counts: Record<Trial['status'], number>;
  status: StudyStatus;
  /** Why it is ending or has finished. */
  why: EndReason | undefined;
  detail: string;
  finishedAt: number | undefined;
  /** Trials that count against the budget: all but re-runs. */
  proposed: number;
  /** Of these, repeats of a configuration that an earlier one has. */
  repeated: number;
  /** Configurations taken from `spec.enqueue`. */
  enqueued: number;
  exhausted: boolean;
  /** SHA-256 of the data set, once an attempt has read it. */
  datasetDigest: string;
  /** Workers that cannot run it, and why they said so. */
  readonly refusedBy: Map<string, string>;
  /** First attempt's start, where the budget's wall time begins. */
  startedAt: number | undefined;
  pausedAt: number | undefined;
  pausedMs: number;
  /** Steps of all attempts; re-runs left out. */
  stepsRun: number;
  /** Steps that pruned trials were spared. */
  stepsSaved: number;
  /** Counts the study's events, so that views know when they are out of date. */
  revision: number;
}

/** Everything the log says. */
export interface State {
  /** Events folded so far: the log position that suggestions refer to. */
  events: number;
  /** In the order of their creation. */
  readonly studies: Map<string, Study>;
  /** What a request created, so that its repetition creates nothing. */
  readonly requests: Map<string, { readonly study: string; readonly trial?: number }>;
  /** What trials refer to in the artifact store. */
  readonly artifacts: References;
}

export function emptyState(): State {
  return { events: 0, studies: new Map(), requests: new Map(), artifacts: new References() };
}

/**
 * Folds one event into the state, in place: copying the index for every event makes replay quadratic.
 *
 * @throws {Error} when the event cannot follow (a broken log is a bug)
 */
export function apply(state: State, event: Event): void {
  state.events += 1;
  if (event.type === 'StudyCreated') {
    createStudy(state, event);
    return;
  }
  const study = state.studies.get(event.study);
  if (study === undefined) throw new Error(`the log is broken: ${event.type} of unknown study ${event.study}`);
  study.revision += 1;
  switch (event.type) {
    case 'StudyPaused':
      study.status = 'paused';
      study.pausedAt = event.at;
      break;
    case 'StudyResumed':
      study.status = 'running';
      study.pausedMs += event.at - (study.pausedAt ?? event.at);
      study.pausedAt = undefined;
      break;
    case 'StudyExhausted':
      study.exhausted = true;
      break;
    case 'StudyEnding':
      study.status = 'ending';
      study.why = event.why;
      study.detail = event.detail;
      break;
    case 'StudyFinished':
      study.status = 'finished';
      study.why = event.why;
      study.detail = event.detail;
      study.finishedAt = event.at;
      break;
    case 'DatasetPinned':
      study.datasetDigest = event.digest;
      break;
    default:
      applyToTrial(state, study, event);
  }
}

function createStudy(state: State, event: StudyCreated): void {
  if (state.studies.has(event.study)) throw new Error(`the log is broken: study ${event.study} is created twice`);
  const { spec } = event;
  const space = createSpace(spec.params, spec.relations);
  state.studies.set(event.study, {
    id: event.study,
    spec,
    source: event.source,
    createdAt: event.at,
    space,
    sampler: createSampler(spec.sampler, space, spec.metric.goal, spec.seed),
    repeats: spec.repeats === undefined ? undefined : new Repeats(spec.repeats),
    pruner: createPruner(spec.pruner, spec.metric.goal, { studyName: event.study }),
    history: new History(spec.metric.goal, spec.metric.value),
    trials: [],
    waiting: new Set(),
    running: new Set(),
    holding: new Set(),
    counts: { waiting: 0, running: 0, complete: 0, pruned: 0, failed: 0 },
    status: 'running',
    why: undefined,
    detail: '',
    finishedAt: undefined,
    proposed: 0,
    repeated: 0,
    enqueued: 0,
    exhausted: false,
    datasetDigest: '',
    refusedBy: new Map(),
    startedAt: undefined,
    pausedAt: undefined,
    pausedMs: 0,
    stepsRun: 0,
    stepsSaved: 0,
    revision: 0,
  });
  if (event.requestId !== '') state.requests.set(event.requestId, { study: event.study });
}

function applyToTrial(state: State, study: Study, event: TrialEvent): void {
  const before = study.trials[event.trial];
  const after = evolveTrial(before, event);
  if (before === undefined && event.trial !== study.trials.length) {
    throw new Error(`the log is broken: trial ${event.trial} of ${study.id} follows ${study.trials.length - 1}`);
  }
  study.trials[event.trial] = after;
  if (before?.status !== after.status) reindex(study, before, after);
  state.artifacts.follow(before, after);
  indexHolding(study, after);
  count(state, study, event, before, after);
  if (after.rerunOf === undefined) remember(study, event, after);
}

/** Keeps the sets and counts by status. */
function reindex(study: Study, before: Trial | undefined, after: Trial): void {
  if (before?.status === 'waiting') study.waiting.delete(after.number);
  if (before?.status === 'running') study.running.delete(after.number);
  if (after.status === 'waiting') study.waiting.add(after.number);
  if (after.status === 'running') study.running.add(after.number);
  if (after.rerunOf !== undefined) return;
  if (before !== undefined) study.counts[before.status] -= 1;
  study.counts[after.status] += 1;
}

/** Keeps the study's sums. */
function count(state: State, study: Study, event: TrialEvent, before: Trial | undefined, trial: Trial): void {
  switch (event.type) {
    case 'TrialProposed':
      if (event.rerunOf === undefined) study.proposed += 1;
      if (event.repeatOf !== undefined) study.repeated += 1;
      if (event.origin === 'enqueued') study.enqueued += 1;
      if (event.requestId !== undefined) state.requests.set(event.requestId, { study: study.id, trial: event.trial });
      break;
    case 'AttemptStarted':
      study.startedAt ??= event.at;
      break;
    case 'TrialReported':
      if (trial.rerunOf === undefined) study.stepsRun += 1;
      break;
    case 'AttemptEnded':
      if (event.end === 'refused') study.refusedBy.set(trial.attempts.at(-1)!.worker, event.reason);
      if (before?.status === 'running' && before.stopping?.why === 'pruned' && event.fate === 'pruned') {
        study.stepsSaved += stepsLeft(study, trial);
      }
      break;
    case 'TrialWithdrawn':
    case 'AttemptResumed':
    case 'StopRequested':
    case 'CheckpointSaved':
    case 'WeightsSaved':
    case 'OutputSaved':
    case 'ArtifactsReleased':
      break;
  }
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
    case 'AttemptResumed':
      history.start(event.trial);
      for (const { step, metrics } of trial.reports) {
        const value = metrics[study.spec.metric.name];
        if (value !== undefined) history.report(event.trial, step, fromLogged(value));
      }
      break;
    case 'TrialReported': {
      const value = metricOf(study, event);
      if (value !== undefined) history.report(event.trial, event.step, value);
      break;
    }
    case 'TrialWithdrawn':
      history.end(event.trial, 'pruned');
      break;
    case 'AttemptEnded':
      if (event.fate === 'waiting') history.requeue(event.trial);
      else history.end(event.trial, event.fate);
      break;
    case 'StopRequested':
    case 'CheckpointSaved':
    case 'WeightsSaved':
    case 'OutputSaved':
    case 'ArtifactsReleased':
      break;
  }
}

/** The study's metric in a report, if the report has it. */
export function metricOf(study: Study, report: Pick<TrialReported, 'metrics'>): number | undefined {
  const value = report.metrics[study.spec.metric.name];
  return value === undefined ? undefined : fromLogged(value);
}

/** The newest study, which an omitted id means. */
export function latestStudy(state: State): Study | undefined {
  let latest: Study | undefined;
  for (const study of state.studies.values()) latest = study;
  return latest;
}
