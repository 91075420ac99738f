import {
  createPruner,
  createSampler,
  createSpace,
  History,
  type Params,
  type Promoter,
  type Pruner,
  promoterOf,
  Repeats,
  type Sampler,
  type Space,
} from '../../search/index.js';
import { Delayed } from './delayed.js';
import { type EndReason, fromLogged, type StudyCreated, type TrialReported } from './events.js';
import { Evidence } from './evidence.js';
import type { SearchSpec } from './spec.js';
import type { Trial } from './trial.js';

/** How far a study has come. `ending`: nothing more starts and what runs is told to stop. */
export type StudyStatus = 'running' | 'paused' | 'ending' | 'finished';

/** A study and everything folded from its events. Changed in place, by {@link apply} alone. */
export interface Study {
  readonly id: string;
  /** As it was submitted, and adjusted since. */
  spec: SearchSpec & { readonly seed: number };
  readonly source: string;
  readonly createdAt: number;
  readonly space: Space;
  readonly sampler: Sampler;
  /** Where every configuration is evaluated several times. */
  readonly repeats: Repeats | undefined;
  readonly pruner: Pruner;
  /** Where training is given out in portions. */
  readonly promoter: Promoter | undefined;
  /** What sampler and pruner see. Neither re-runs nor invalidated trials are in it. */
  history: History;
  readonly trials: Trial[];
  /** Numbers of waiting trials that may start at once, oldest first. */
  readonly waiting: Set<number>;
  /** Those that may not start before a time. */
  readonly delayed: Delayed;
  readonly running: Set<number>;
  /** Numbers of trials that have artifacts. */
  readonly holding: Set<number>;
  /** Those that rest until they are promoted. */
  readonly paused: Set<number>;
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
  /** Configurations to run before the sampler is asked: the file's and those that were added. */
  readonly queue: Params[];
  /** How many of them were taken. */
  enqueued: number;
  exhausted: boolean;
  /** SHA-256 of the data, once an attempt has read them, by `dataKeyOf`. */
  readonly datasetDigests: Map<string, string>;
  /** Workers that cannot run it, and why they said so. */
  readonly refusedBy: Map<string, string>;
  readonly evidence: Evidence;
  /** Why its trials failed, as long as all of them did for one reason. */
  failure: { readonly reason: string; readonly alike: boolean } | undefined;
  /** First attempt's start, where the budget's wall time begins. */
  startedAt: number | undefined;
  pausedAt: number | undefined;
  /** Time in which it was paused, or had finished before it was reopened. */
  pausedMs: number;
  /** Steps of all attempts; re-runs left out. */
  stepsRun: number;
  /** Steps that pruned trials were spared. */
  stepsSaved: number;
  /** Trials taken out of ranking and history. */
  invalidated: number;
  /** Counts the study's events, so that views know when they are out of date. */
  revision: number;
}

/** A study as it is when it has just been created. */
export function newStudy({ study: id, at, spec, source }: StudyCreated): Study {
  const space = createSpace(spec.params, spec.relations);
  const { goal } = spec.metric;
  return {
    id,
    spec,
    source,
    createdAt: at,
    space,
    sampler: createSampler(spec.sampler, space, goal, spec.seed),
    repeats: spec.repeats === undefined ? undefined : new Repeats(spec.repeats),
    pruner: createPruner(spec.pruner, goal, { studyName: id }),
    promoter: promoterOf(spec.pruner, goal),
    history: new History(goal, spec.metric.value),
    trials: [],
    waiting: new Set(),
    delayed: new Delayed(),
    running: new Set(),
    holding: new Set(),
    paused: new Set(),
    counts: { waiting: 0, running: 0, paused: 0, complete: 0, pruned: 0, failed: 0 },
    status: 'running',
    why: undefined,
    detail: '',
    finishedAt: undefined,
    proposed: 0,
    repeated: 0,
    queue: [...spec.enqueue],
    enqueued: 0,
    exhausted: false,
    datasetDigests: new Map(),
    refusedBy: new Map(),
    evidence: new Evidence(),
    failure: undefined,
    startedAt: undefined,
    pausedAt: undefined,
    pausedMs: 0,
    stepsRun: 0,
    stepsSaved: 0,
    invalidated: 0,
    revision: 0,
  };
}

/** Wall time that a study has used of its budget: from its first attempt on, pauses left out. */
export function timeUsed(study: Study, at: number): number {
  if (study.startedAt === undefined) return 0;
  return (study.finishedAt ?? study.pausedAt ?? at) - study.startedAt - study.pausedMs;
}

/** The study's metric in a report, if the report has it. */
export function metricOf(study: Study, report: Pick<TrialReported, 'metrics'>): number | undefined {
  const value = report.metrics[study.spec.metric.name];
  return value === undefined ? undefined : fromLogged(value);
}
