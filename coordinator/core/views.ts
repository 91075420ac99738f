import {
  type History,
  isBetter,
  type Params,
  type Ranked,
  type RepeatStanding,
  type Report,
  rank,
  rankOrder,
  type Standing,
  trialValue,
} from '../../search/index.js';
import type { AttemptName } from './attempt-name.js';
import type { Quarantine } from './conduct.js';
import { type ArtifactFile, type AttemptEnd, fromLogged, type LoggedNumber, type ReportedEnd } from './events.js';
import type { Fleet, GpuUse, Worker } from './fleet.js';
import { datasetOf, datasetsLike, plannedSteps } from './objective-facts.js';
import { mayPropose, wants } from './plan.js';
import { whyNot } from './requirements.js';
import type { Gpu } from './resources.js';
import { standingOf } from './standing.js';
import type { State } from './state.js';
import type { Remnant, Study, StudyBody, StudyStatus } from './study.js';
import type { Saved, Trial } from './trial.js';

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
  const ranked = ranking(study);
  const rows = top === 0 ? ranked : ranked.slice(0, top);
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
  const reports = trial.reports.map(({ step, metrics }) => ({ step, metrics: numbersOf(metrics) }));
  return { ...trialSummary(study, trial), reports };
}

export function trialSummary(study: Study, trial: Trial): TrialSummary {
  return {
    number: trial.number,
    status: trial.status,
    params: trial.params,
    value: metricValue(study, trial),
    lastStep: trial.reports.at(-1)?.step ?? 0,
    plannedSteps: plannedSteps(study.spec.objective, trial.params),
    origin: trial.origin,
    rerunOf: trial.rerunOf,
    repeats: repeatsOf(study, trial),
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
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, fromLogged(value)]));
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
    const value = trial.status === 'complete' ? metricValue(study, trial)?.value : undefined;
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
  const ranked = rankings.get(body);
  if (ranked?.revision === study.revision) return ranked.rows[0]?.item;
  let known = bests.get(body);
  // Repeats share their mean, so that one moves with another.
  if (known?.history !== body.history || study.repeats !== undefined) {
    known = { history: body.history, revision: 0, first: undefined };
    bests.set(body, known);
  }
  for (; known.revision < body.history.revision; known.revision += 1) {
    known.first = firstOf(study, known.first, body.trials[body.history.changed(known.revision)]!);
  }
  return known.first && body.trials[known.first.number];
}

/**
 * The first of the board so far. Whoever is first has ended, and its value never changes: only what changes may take its place,
 * and a trial that is invalidated leaves another history behind.
 */
function firstOf(study: Study, first: Standing | undefined, trial: Trial): Standing | undefined {
  const standing = standingOf(study, trial);
  if (standing.status !== 'complete' && standing.status !== 'pruned') return first;
  return first === undefined || rankOrder(study.spec.metric.goal)(standing, first) < 0 ? standing : first;
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

interface Ranking {
  readonly revision: number;
  readonly rows: readonly Ranked<Trial>[];
}

/** Ranking sorts all trials, and several faces ask for it between two events. */
const rankings = new WeakMap<StudyBody, Ranking>();
/** And for its first alone between any two: what has been looked at of the history, and who was first of it. */
const bests = new WeakMap<StudyBody, { readonly history: History; revision: number; first: Standing | undefined }>();

/** Ranks by trial number; trials without one are left out. */
export function ranksOf(study: Study): ReadonlyMap<number, number> {
  return new Map(ranking(study).map(({ rank, item }) => [item.number, rank]));
}

function ranking(study: Study): readonly Ranked<Trial>[] {
  const known = study.body && rankings.get(study.body);
  if (known?.revision === study.revision) return known.rows;
  const own = study.trials.filter((trial) => trial.rerunOf === undefined && trial.invalidated === undefined);
  const rows = rank(own, (trial) => standingOf(study, trial), study.spec.metric.goal);
  rankings.set(study.body!, { revision: study.revision, rows });
  return rows;
}

function metricValue(study: Study, trial: Trial): Report | undefined {
  const { name, goal, value } = study.spec.metric;
  const reports = trial.reports.flatMap(({ step, metrics }) => {
    const metric = metrics[name];
    return metric === undefined ? [] : [{ step, value: fromLogged(metric) }];
  });
  return trialValue(reports, goal, value);
}

function noticeOf(study: Study, fleet: Fleet): string {
  if (study.status === 'ending' || study.status === 'finished') return study.detail;
  if (study.status === 'paused') return 'paused: nothing new starts until it is resumed';
  if (!isIdle(study)) return '';
  return onlyDelayed(study) ?? starvation(study, fleet) ?? 'waiting for a free slot';
}

/** Whether nothing of it runs although there is something to do. */
function isIdle(study: Study): boolean {
  return study.status === 'running' && study.running.size === 0 && wants(study, Number.POSITIVE_INFINITY);
}

/** Said where nothing but the clock holds up what is left to do. */
function onlyDelayed(study: Study): string | undefined {
  const [first] = study.delayed.numbers();
  if (first === undefined || study.waiting.size > 0 || mayPropose(study)) return undefined;
  return `trial ${first} failed and is tried again after a pause`;
}

/** How a notice begins that says why no worker attached now takes the study's next trial. */
export const NOTHING_RUNS = 'nothing runs: ';

/** Why no worker will take the study's next trial; undefined where one runs, or will once it has a free slot. */
export function starvation(study: Study, fleet: Fleet): string | undefined {
  if (!isIdle(study) || onlyDelayed(study) !== undefined) return undefined;
  const attached = [...fleet.workers.values()].filter((worker) => worker.connected && worker.profile !== undefined);
  if (attached.length === 0) return `${NOTHING_RUNS}no worker is attached`;
  const reasons = new Map<string, string>();
  for (const worker of attached) {
    const { quarantine } = worker.conduct;
    const reason =
      whyNot(study, worker.profile!) ??
      (quarantine && `is in quarantine: ${quarantine.reason}`) ??
      (worker.silent ? 'is attached, but has not been heard of for a whole lease' : undefined);
    if (reason === undefined) return worker.draining ? `${NOTHING_RUNS}the workers drain` : undefined;
    if (!reasons.has(reason)) reasons.set(reason, worker.profile!.name);
  }
  const words = [...reasons].map(([reason, name]) => `${name} ${reason}`);
  const dataset = datasetOf(study.spec);
  const offered = attached.flatMap((worker) => worker.profile!.datasets);
  const hint =
    dataset !== undefined && !offered.includes(dataset)
      ? ` (data sets there are: ${datasetsLike(dataset, offered)})`
      : '';
  return `${NOTHING_RUNS}${words.slice(0, 3).join('; ')}${words.length > 3 ? '; ...' : ''}${hint}`;
}
