import { isFileName } from '../../proto/file-name.js';
import {
  type ArtifactFile,
  type Assignment,
  type Attach,
  type Attempt,
  type AttemptRef,
  type AttemptSaved,
  type Heartbeat,
  type Leaderboard,
  Outcome,
  type Param,
  type ParamValue,
  type Progress,
  SavedKind,
  type Study,
  StudyState,
  type Trial,
  TrialState,
  type Worker,
} from '../../proto/index.js';
import type { Params, ParamValue as SearchValue } from '../../search/index.js';
import { isArtifactId } from '../artifacts/port.js';
import { checkpointEvery, type SavedFiles, wantsWeights } from '../core/artifacts.js';
import type { AttemptName } from '../core/attempt-name.js';
import type { HearWorker, RecordProgress } from '../core/commands.js';
import { type ArtifactFile as CoreFile, toLogged } from '../core/events.js';
import type { WorkerProfile } from '../core/fleet.js';
import { substitute } from '../core/objective-config.js';
import { dataKeyOf } from '../core/objective-facts.js';
import { type Study as CoreStudy, type StudyStatus, timeUsed } from '../core/study.js';
import { attemptNumber, type Trial as CoreTrial } from '../core/trial.js';
import type { LeaderboardView, StudyView, TrialView, WorkerView } from '../core/views.js';
import {
  LONGEST_ERROR,
  LONGEST_METRIC,
  LONGEST_WORD,
  MOST_GPUS,
  MOST_HELD,
  MOST_METRICS,
  MOST_SAVED_FILES,
} from '../limits.js';
import { attachFault } from './attach-limits.js';

/** A message that the protocol does not allow; the message says which field and why. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

// --- from the wire ------------------------------------------------------------------------------------------------

export function fromRef(ref: AttemptRef | undefined): AttemptName {
  if (ref === undefined || ref.attempt < 1)
    throw new ProtocolError('an attempt is not named, or its number is below 1');
  return { study: ref.study, trial: ref.trial, attempt: ref.attempt };
}

export function fromAttach(attach: Attach): WorkerProfile {
  const fault = attachFault(attach);
  if (fault !== undefined) throw new ProtocolError(fault);
  return {
    id: attach.workerId,
    name: attach.name === '' ? attach.workerId : attach.name,
    slots: attach.slots,
    labels: attach.labels,
    backend: attach.backend,
    backendReason: attach.backendReason,
    objectives: attach.objectives,
    datasets: attach.datasets,
    gpus: attach.gpus.map((gpu) => ({ ...gpu, slots: Math.max(1, gpu.slots) })),
    codeSources: attach.codeSources,
    memoryBytes: attach.memoryBytes,
  };
}

export function fromHeartbeat({ running, gpuUse }: Heartbeat): Required<Pick<HearWorker, 'holds' | 'gpuUse'>> {
  if (running.length > MOST_HELD || gpuUse.length > MOST_GPUS) {
    const words = `${running.length} attempts and ${gpuUse.length} GPUs`;
    throw new ProtocolError(`a heartbeat names ${words}, at most ${MOST_HELD} and ${MOST_GPUS} are possible`);
  }
  return { holds: running.map(fromRef), gpuUse };
}

const OUTCOMES = {
  [Outcome.OUTCOME_COMPLETED]: 'completed',
  [Outcome.OUTCOME_STOPPED]: 'stopped',
  [Outcome.OUTCOME_FAILED]: 'failed',
  [Outcome.OUTCOME_HANDED_BACK]: 'handed_back',
  [Outcome.OUTCOME_REFUSED]: 'refused',
  [Outcome.OUTCOME_TIMED_OUT]: 'timed_out',
} as const;

export function fromProgress(worker: string, progress: Progress): RecordProgress {
  return {
    type: 'RecordProgress',
    worker,
    started: progress.started.map(({ attempt, datasetDigest }) => {
      const { study, trial, attempt: number } = fromRef(attempt);
      if (datasetDigest.length <= LONGEST_WORD) return { study, trial, attempt: number, datasetDigest };
      throw new ProtocolError(`a dataset_digest has ${datasetDigest.length} characters: it must be a SHA-256`);
    }),
    reports: progress.reports.map(({ attempt, report }) => {
      if (report === undefined || report.step < 1) throw new ProtocolError('a report has no step, or one below 1');
      checkMetrics(report.metrics);
      const { study, trial, attempt: number } = fromRef(attempt);
      return { study, trial, attempt: number, step: report.step, metrics: report.metrics };
    }),
    saved: progress.saved.map((saved) => ({ ...fromRef(saved.attempt), ...fromSaved(saved) })),
    results: progress.results.map(({ attempt, outcome, error }) => {
      if (outcome === Outcome.OUTCOME_UNSPECIFIED || outcome === Outcome.UNRECOGNIZED) {
        throw new ProtocolError('a result has no known outcome');
      }
      const { study, trial, attempt: number } = fromRef(attempt);
      return { study, trial, attempt: number, outcome: OUTCOMES[outcome], error: lineOf(error) };
    }),
  };
}

/** Counts, on the way of every report, without a list of the names. */
function checkMetrics(metrics: Readonly<Record<string, number>>): void {
  let count = 0;
  for (const name in metrics) {
    count += 1;
    if (name.length > LONGEST_METRIC) {
      throw new ProtocolError(`a metric's name has ${name.length} characters, at most ${LONGEST_METRIC} are possible`);
    }
  }
  if (count > MOST_METRICS) {
    throw new ProtocolError(`a report has ${count} metrics, at most ${MOST_METRICS} are possible`);
  }
}

/** One line for people: whatever a program made of it, it is not to move their cursor. */
function lineOf(text: string): string {
  if (text === '') return text;
  const cut = text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR - 1)}…` : text;
  return cut.replaceAll(/\p{Cc}+/gu, ' ');
}

const KINDS = {
  [SavedKind.SAVED_KIND_CHECKPOINT]: 'checkpoint',
  [SavedKind.SAVED_KIND_WEIGHTS]: 'weights',
  [SavedKind.SAVED_KIND_OUTPUT]: 'output',
} as const;

function fromSaved({ kind, step, files, metrics }: AttemptSaved): SavedFiles {
  if (kind === SavedKind.SAVED_KIND_UNSPECIFIED || kind === SavedKind.UNRECOGNIZED) {
    throw new ProtocolError('what was saved is of no known kind');
  }
  if (files.length < 1 || files.length > MOST_SAVED_FILES) {
    throw new ProtocolError(`${files.length} files were saved together: it must be 1 to ${MOST_SAVED_FILES}`);
  }
  if (kind === SavedKind.SAVED_KIND_CHECKPOINT && step < 1) throw new ProtocolError('a checkpoint has no step');
  const names = new Set<string>();
  for (const { name, sha256 } of files) {
    if (!isFileName(name)) throw new ProtocolError(`a saved file is called ${JSON.stringify(name.slice(0, 80))}`);
    if (!isArtifactId(sha256)) throw new ProtocolError(`the saved file ${name} has no SHA-256`);
    if (names.has(name)) throw new ProtocolError(`two saved files are called ${name}`);
    names.add(name);
  }
  checkMetrics(metrics);
  const logged = Object.entries(metrics).map(([name, value]) => [name, toLogged(value)] as const);
  return {
    kind: KINDS[kind],
    step,
    files: files.map(({ name, sha256, bytes }) => ({ name, artifact: sha256, bytes })),
    ...(logged.length === 0 ? {} : { metrics: Object.fromEntries(logged) }),
  };
}

// --- to the wire --------------------------------------------------------------------------------------------------

export function toRef(name: AttemptName): AttemptRef {
  return { study: name.study, trial: name.trial, attempt: name.attempt };
}

/** The newest attempt of a trial, ready to be sent to its worker. */
export function toAssignment(study: CoreStudy, trial: CoreTrial, traceparent = ''): Assignment {
  const { objective, limits, metric } = study.spec;
  const config = substitute(objective.config, trial.params);
  return {
    attempt: { study: study.id, trial: trial.number, attempt: attemptNumber(trial) },
    objective: objective.kind,
    configJson: JSON.stringify(config),
    paramsJson: JSON.stringify(trial.params),
    seed: trial.seed,
    timeLimitMs: limits.trialTimeMs ?? 0,
    datasetDigest: study.datasetDigests.get(dataKeyOf(study.spec, trial.params)) ?? '',
    gpus: [...(trial.attempts.at(-1)?.gpus ?? [])],
    memoryLimitBytes: limits.memoryBytes ?? 0,
    outputLimitBytes: limits.outputBytes ?? 0,
    checkpoint: trial.checkpoint && { step: trial.checkpoint.step, files: toFiles(trial.checkpoint.files) },
    checkpointEvery: checkpointEvery(study.spec, config),
    saveWeights: wantsWeights(study, trial),
    metric: { name: metric.name, maximize: metric.goal === 'maximize', best: metric.value === 'best' },
    codeDigest: objective.codeDigest ?? '',
    traceparent,
  };
}

const STUDY_STATES: Record<StudyStatus, StudyState> = {
  running: StudyState.STUDY_STATE_RUNNING,
  paused: StudyState.STUDY_STATE_PAUSED,
  ending: StudyState.STUDY_STATE_STOPPING,
  finished: StudyState.STUDY_STATE_FINISHED,
};

const TRIAL_STATES: Record<CoreTrial['status'], TrialState> = {
  waiting: TrialState.TRIAL_STATE_WAITING,
  running: TrialState.TRIAL_STATE_RUNNING,
  paused: TrialState.TRIAL_STATE_PAUSED,
  complete: TrialState.TRIAL_STATE_COMPLETE,
  pruned: TrialState.TRIAL_STATE_PRUNED,
  failed: TrialState.TRIAL_STATE_FAILED,
};

export function toStudy(view: StudyView): Study {
  const { study } = view;
  const { spec } = study;
  const names = spec.params.map(({ name }) => name);
  return {
    id: view.id,
    state: STUDY_STATES[view.status],
    notice: view.notice,
    createdAtMs: view.createdAt,
    finishedAtMs: view.finishedAt ?? 0,
    metric: spec.metric.name,
    maximize: spec.metric.goal === 'maximize',
    budgetTrials: spec.budget.trials ?? 0,
    budgetTimeMs: spec.budget.timeMs ?? 0,
    counts: { ...study.counts, invalidated: study.invalidated },
    best: view.best && toTrial(view.best, names),
    stepsRun: study.stepsRun,
    stepsSaved: study.stepsSaved,
    sampler: study.sampler.name,
    pruner: study.pruner.name,
    seed: spec.seed,
    parallel: spec.parallel ?? 0,
    spec: study.source,
    params: names,
    objective: spec.objective.kind,
    repeats: spec.repeats ?? 1,
    priority: spec.priority ?? 0,
    enqueued: study.queue.length - study.enqueued,
    ...clockOf(view),
  };
}

/** What does not change while time passes: a view is the same until something happens. */
function clockOf({ study }: StudyView): Pick<Study, 'timeUsedMs' | 'clockSinceMs'> {
  const { startedAt, pausedAt, finishedAt, pausedMs } = study;
  const stands = startedAt === undefined || (finishedAt ?? pausedAt) !== undefined;
  if (stands) return { timeUsedMs: timeUsed(study, startedAt ?? 0), clockSinceMs: 0 };
  return { timeUsedMs: 0, clockSinceMs: startedAt + pausedMs };
}

export function toLeaderboard(view: LeaderboardView, nowMs: number): Leaderboard {
  const names = view.study.study.spec.params.map(({ name }) => name);
  return {
    study: toStudy(view.study),
    rows: view.rows.map(({ rank, item }) => ({ rank, trial: toTrial(item, names) })),
    running: view.running.map((trial) => toTrial(trial, names)),
    workers: view.workers.map(toWorker),
    position: view.position,
    nowMs,
  };
}

/** @param names the parameters in the order of the file */
export function toTrial(view: TrialView, names: readonly string[]): Trial {
  return {
    number: view.number,
    state: TRIAL_STATES[view.status],
    params: toParams(view.params, names),
    value: view.value?.value,
    valueStep: view.value?.step ?? 0,
    lastStep: view.lastStep,
    plannedSteps: view.plannedSteps,
    origin: view.origin,
    rerunOf: view.rerunOf,
    reason: view.reason,
    proposedAtMs: view.proposedAt,
    endedAtMs: view.endedAt ?? 0,
    attempts: view.attempts.map(toAttempt),
    reports: view.reports.map(({ step, metrics }) => ({ step, metrics })),
    basedOn: view.basedOn,
    seed: view.seed,
    checkpointStep: view.checkpointStep,
    weights: view.weights && { ...view.weights, files: toFiles(view.weights.files) },
    repeats: view.repeats,
    invalidated: view.invalidated !== undefined,
    invalidatedReason: view.invalidated ?? '',
    notBeforeMs: view.notBefore ?? 0,
  };
}

function toFiles(files: readonly CoreFile[]): ArtifactFile[] {
  return files.map(({ name, artifact, bytes }) => ({ name, sha256: artifact, bytes }));
}

function toAttempt(view: TrialView['attempts'][number]): Attempt {
  return {
    number: view.number,
    worker: view.worker,
    startedAtMs: view.startedAt,
    endedAtMs: view.endedAt ?? 0,
    end: inWords(view.end),
    reason: view.reason,
    gpus: [...view.gpus],
    lateEnd: inWords(view.lateEnd),
  };
}

/** An attempt's end for people: `handed_back` is "handed back". */
function inWords(end: string | undefined): string {
  return (end ?? '').replace('_', ' ');
}

function toParams(params: Params, names: readonly string[]): Param[] {
  return names.flatMap((name) => {
    const value = params[name];
    return value === undefined ? [] : [{ name, value: toParamValue(value) }];
  });
}

function toParamValue(value: SearchValue): ParamValue {
  if (typeof value === 'number') return { kind: { $case: 'number', value } };
  if (typeof value === 'string') return { kind: { $case: 'text', value } };
  return { kind: { $case: 'flag', value } };
}

export function toWorker(view: WorkerView): Worker {
  return {
    id: view.id,
    name: view.name,
    slots: view.slots,
    running: view.running.map(toRef),
    labels: view.labels,
    backend: view.backend,
    backendReason: view.backendReason,
    connected: view.connected,
    draining: view.draining,
    attachedAtMs: view.attachedAt,
    attemptsDone: view.attemptsDone,
    gpus: view.gpus,
    gpuUse: view.gpuUse.map((use) => ({ ...use })),
    objectives: view.objectives,
    memoryBytes: view.memoryBytes,
    quarantine: view.quarantine?.reason ?? '',
    quarantinedUntilMs: view.quarantine?.until ?? 0,
    attemptsFailed: view.attemptsFailed,
  };
}
