import {
  type History,
  isBetter,
  type Params,
  type Ranked,
  type RepeatStanding,
  type Report,
  rankOrder,
  type Standing,
  trialValue,
} from '../../search/index.js';
import type { AttemptName } from './attempt-name.js';
import type { Quarantine } from './conduct.js';
import { type ArtifactFile, type AttemptEnd, fromLogged, type LoggedNumber, type ReportedEnd } from './events.js';
import type { Fleet, GpuUse, Worker } from './fleet.js';
import { noticeOf } from './notice.js';
import { plannedSteps } from './objective-facts.js';
import { ranking } from './ranking.js';
import type { Gpu } from './resources.js';
import type { SearchSpec } from './spec.js';
import { standingOf } from './standing.js';
import type { State } from './state.js';
import type { Remnant, Study, StudyBody, StudyStatus } from './study.js';
import { isFinal, type Saved, type Trial } from './trial.js';

/** What every face shows, terminal and browser alike: made here and nowhere else, so that two boards cannot differ. */
export interface StudyView {
  readonly id: string;
  readonly status: StudyStatus;
  /** Why it ends or has ended, or why nothing runs although it could; empty when all is well. */
  readonly notice: string;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
  readonly study: Study;
  readonly best: TrialView | undefined;
}

/** A trial without its curve. */
export interface TrialSummary {
  readonly number: number;
  readonly status: Trial['status'];
  readonly params: Params;
  /** The trial's value and the step it was reported at. */
  readonly value: Report | undefined;
  readonly lastStep: number;
  readonly plannedSteps: number;
  readonly origin: string;
  readonly rerunOf: number | undefined;
  /** How its configuration stands, in a study that repeats each one. */
  readonly repeats: RepeatStanding | undefined;
  readonly reason: string;
  readonly proposedAt: number;
  readonly endedAt: number | undefined;
  readonly attempts: readonly AttemptView[];
  readonly basedOn: number;
  readonly seed: number;
  /** Why it was taken out of ranking and history; undefined for one that counts. */
  readonly invalidated: string | undefined;
  /** A waiting trial is not tried again before this time. */
  readonly notBefore: number | undefined;
  /** Where its next attempt would go on. */
  readonly checkpointStep: number;
  /** Its model, as far as it is kept. */
  readonly weights: SavedView | undefined;
  readonly output: SavedView | undefined;
}

export interface SavedView {
  readonly step: number;
  readonly files: readonly ArtifactFile[];
  readonly metrics: Readonly<Record<string, number>>;
}

export interface TrialView extends TrialSummary {
  readonly reports: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
}

export interface AttemptView {
  readonly number: number;
  readonly worker: string;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly end: AttemptEnd | undefined;
  readonly reason: string;
  readonly gpus: readonly string[];
  /** What its worker said of its end when that did not count any more. */
  readonly lateEnd: ReportedEnd | undefined;
}

export interface WorkerView {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly running: readonly AttemptName[];
  readonly labels: Readonly<Record<string, string>>;
  readonly backend: string;
  readonly backendReason: string;
  readonly connected: boolean;
  readonly draining: boolean;
  readonly attachedAt: number;
  readonly attemptsDone: number;
  readonly gpus: readonly Gpu[];
  readonly gpuUse: readonly GpuUse[];
  readonly objectives: readonly string[];
  /** 0 when it does not say. */
  readonly memoryBytes: number;
  readonly attemptsFailed: number;
  readonly quarantine: Quarantine | undefined;
}

export interface LeaderboardView {
  readonly study: StudyView;
  readonly rows: readonly Ranked<TrialView>[];
  readonly running: readonly TrialView[];
  readonly workers: readonly WorkerView[];
  /** The log position shown. */
  readonly position: number;
}

/** @param top how many rows; 0 for all */
export function leaderboardView(state: State, fleet: Fleet, study: Study, top: number): LeaderboardView {
  const rows = ranking(study, top === 0 ? undefined : top);
  return {
    study: studyView(study, fleet),
    rows: rows.map((row) => ({ rank: row.rank, item: trialView(study, row.item) })),
    running: [...study.running].sort((a, b) => a - b).map((number) => trialView(study, study.trials[number]!)),
    workers: workerViews(fleet),
    position: state.events,
  };
}

export function studyView(study: Study, fleet: Fleet): StudyView {
  const first = bestOf(study);
  const best = first && trialView(study, first);
  return {
    id: study.id,
    status: study.status,
    notice: noticeOf(study, fleet),
    createdAt: study.createdAt,
    finishedAt: study.finishedAt,
    study,
    best: best?.value === undefined ? undefined : best,
  };
}

export function trialView(study: Study, trial: Trial): TrialView {
  return viewOf(momentOf(study, trial));
}

export function trialSummary(study: Study, trial: Trial): TrialSummary {
  return summaryOf(momentOf(study, trial));
}

/** A trial, and what it takes to show it. */
export interface TrialMoment {
  readonly spec: SearchSpec;
  readonly trial: Trial;
  readonly repeats: RepeatStanding | undefined;
}

export function momentOf(study: Study, trial: Trial): TrialMoment {
  return { spec: study.spec, trial, repeats: repeatsOf(study, trial) };
}

/** Trials as they are now, to be shown later: one that has ended never changes, and one that goes on is copied. */
export class TrialMoments {
  readonly trials: readonly Trial[];
  readonly #spec: SearchSpec;
  readonly #repeats: readonly (RepeatStanding | undefined)[] | undefined;

  constructor(study: Study, trials: readonly Trial[] = study.trials) {
    this.trials = trials.map((trial) => (isFinal(trial) ? trial : { ...trial, reports: [...trial.reports] }));
    this.#spec = study.spec;
    this.#repeats = study.repeats && trials.map((trial) => repeatsOf(study, trial));
  }

  at(index: number): TrialMoment {
    return { spec: this.#spec, trial: this.trials[index]!, repeats: this.#repeats?.[index] };
  }
}

export function viewOf(moment: TrialMoment): TrialView {
  return { ...summaryOf(moment), reports: reportViews(moment.trial.reports) };
}

export function reportViews(reports: Trial['reports']): TrialView['reports'] {
  return reports.map(({ step, metrics }) => ({ step, metrics: numbersOf(metrics) }));
}

export function summaryOf({ spec, trial, repeats }: TrialMoment): TrialSummary {
  return {
    number: trial.number,
    status: trial.status,
    params: trial.params,
    value: metricValue(spec, trial),
    lastStep: trial.reports.at(-1)?.step ?? 0,
    plannedSteps: plannedSteps(spec.objective, trial.params),
    origin: trial.origin,
    rerunOf: trial.rerunOf,
    repeats,
    reason: reasonOf(trial),
    proposedAt: trial.proposedAt,
    endedAt: 'endedAt' in trial ? trial.endedAt : undefined,
    attempts: trial.attempts.map((attempt) => ({
      number: attempt.number,
      worker: attempt.workerName,
      startedAt: attempt.startedAt,
      endedAt: attempt.ended?.at,
      end: attempt.ended?.end,
      reason: attempt.ended?.reason ?? '',
      gpus: attempt.gpus,
      lateEnd: attempt.lateEnd,
    })),
    basedOn: trial.basedOn,
    seed: trial.seed,
    invalidated: trial.invalidated,
    notBefore: trial.status === 'waiting' ? trial.notBefore : undefined,
    checkpointStep: trial.checkpoint?.step ?? 0,
    weights: savedView(trial.weights),
    output: savedView(trial.output),
  };
}

/** Why it ended, rests, or is told to stop. */
function reasonOf(trial: Trial): string {
  switch (trial.status) {
    case 'waiting':
      return '';
    case 'running':
      return trial.stopping?.reason ?? '';
    case 'paused':
    case 'complete':
    case 'pruned':
    case 'failed':
      return trial.reason;
  }
}

function savedView(saved: Saved | undefined): SavedView | undefined {
  return saved && { step: saved.step, files: saved.files, metrics: numbersOf(saved.metrics ?? {}) };
}

function numbersOf(metrics: Readonly<Record<string, LoggedNumber>>): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name in metrics) numbers[name] = fromLogged(metrics[name]!);
  return numbers;
}

/** The other trials when a trial was proposed. What ended in the same batch came before it. */
export interface SeenView {
  readonly ended: number;
  readonly unfinished: number;
  /** Of the complete ones. */
  readonly best: number | undefined;
}

export function seenView(study: Study, { number, proposedAt }: Trial): SeenView {
  const { goal } = study.spec.metric;
  let ended = 0;
  let unfinished = 0;
  let best: number | undefined;
  for (const trial of study.trials.slice(0, number)) {
    if (trial.rerunOf !== undefined) continue;
    if (!('endedAt' in trial) || trial.endedAt > proposedAt) {
      unfinished += 1;
      continue;
    }
    ended += 1;
    if (trial.status !== 'complete') continue;
    // What was invalidated since was seen then, and only its reports know its value.
    const value = (study.history.get(trial.number) ?? metricValue(study.spec, trial))?.value;
    if (value !== undefined && (best === undefined || isBetter(value, best, goal))) best = value;
  }
  return { ended, unfinished, best };
}

/** Attached workers by name. */
export function workerViews(fleet: Fleet): readonly WorkerView[] {
  const views = [...fleet.workers.values()].flatMap((worker) =>
    worker.profile === undefined ? [] : [workerView(worker)],
  );
  return views.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function workerView(worker: Worker): WorkerView {
  const profile = worker.profile!;
  return {
    id: worker.id,
    name: profile.name,
    slots: profile.slots,
    running: [...worker.attempts.values()],
    labels: profile.labels,
    backend: profile.backend,
    backendReason: profile.backendReason,
    connected: worker.connected,
    draining: worker.draining,
    attachedAt: worker.attachedAt,
    attemptsDone: worker.attemptsDone,
    gpus: profile.gpus,
    gpuUse: worker.gpuUse,
    objectives: profile.objectives,
    memoryBytes: profile.memoryBytes,
    attemptsFailed: worker.attemptsFailed,
    quarantine: worker.conduct.quarantine,
  };
}

/** The first of the leaderboard, with a value or without. */
export function bestOf(study: Study): Trial | undefined {
  const { body } = study;
  if (body === undefined) return study.remnant?.best?.trial;
  let known = bests.get(body);
  // Repeats share their mean, so that one moves with another.
  if (known?.history !== body.history || study.repeats !== undefined) {
    known = { history: body.history, endings: 0, first: undefined };
    bests.set(body, known);
  }
  for (; known.endings < body.history.endings; known.endings += 1) {
    known.first = firstOf(study, known.first, body.trials[body.history.ended(known.endings)]!);
  }
  return known.first && body.trials[known.first.number];
}

/**
 * The first of the board so far. Whoever is first has ended, and its value never changes: only what ends may take its place, and
 * a trial that is invalidated leaves another history behind.
 */
function firstOf(study: Study, first: Standing | undefined, trial: Trial): Standing | undefined {
  const standing = standingOf(study, trial);
  if (standing.status !== 'complete' && standing.status !== 'pruned') return first;
  return first === undefined || rankOrder(study.spec.metric.goal)(standing, first) < 0 ? standing : first;
}

/** Who is first of the board, where it is known: nobody has to look through the whole history for it. */
export function knowBest({ repeats }: Study, body: StudyBody, first: Standing | undefined): void {
  if (repeats !== undefined) return;
  bests.set(body, { history: body.history, endings: body.history.endings, first });
}

/** What is to be shown of a study while its trials are not in memory. */
export function remnantOf(study: Study): Remnant {
  const trial = bestOf(study);
  return { best: trial && { trial, standing: standingOf(study, trial), repeats: repeatsOf(study, trial) } };
}

function repeatsOf(study: Study, { number }: Trial): RepeatStanding | undefined {
  if (study.repeats === undefined) return undefined;
  const kept = study.body === undefined ? study.remnant?.best : undefined;
  return kept?.trial.number === number ? kept.repeats : study.repeats.standing(study.history, number);
}

/** What has been looked at of a history, and who was first of it. */
const bests = new WeakMap<StudyBody, { readonly history: History; endings: number; first: Standing | undefined }>();

/** Ranks by trial number; trials without one are left out. */
export function ranksOf(study: Study): ReadonlyMap<number, number> {
  return new Map(ranking(study).map(({ rank, item }) => [item.number, rank]));
}

function metricValue({ metric: { name, goal, value } }: SearchSpec, trial: Trial): Report | undefined {
  const reports: Report[] = [];
  for (const { step, metrics } of trial.reports) {
    const metric = metrics[name];
    if (metric !== undefined) reports.push({ step, value: fromLogged(metric) });
  }
  return trialValue(reports, goal, value);
}
