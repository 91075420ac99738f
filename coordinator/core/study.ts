import {
  createPruner,
  createSampler,
  createSpace,
  History,
  type Params,
  type Promoter,
  type Pruner,
  promoterOf,
  type RepeatStanding,
  Repeats,
  type Sampler,
  type Space,
  type Standing,
} from '../../search/index.js';
import { Delayed } from './delayed.js';
import { type EndReason, fromLogged, type StudyCreated, type TrialReported } from './events.js';
import { Evidence } from './evidence.js';
import type { SearchSpec } from './spec.js';
import type { Trial } from './trial.js';

/** How far a study has come. `ending`: nothing more starts and what runs is told to stop. */
export type StudyStatus = 'running' | 'paused' | 'ending' | 'finished';

/**
 * What grows with a study's trials. One that has finished can do without it until somebody asks for them: nine in ten
 * studies of a long life are never looked at again.
 */
export interface StudyBody {
  readonly trials: Trial[];
  history: History;
  readonly holding: Set<number>;
  /** Set whenever it is used; reset by whoever parks studies, to see which ones nobody needs. */
  used: boolean;
}

/** What is shown of a study without its body. */
export interface Remnant {
  /** The first of its leaderboard. */
  readonly best:
    | { readonly trial: Trial; readonly standing: Standing; readonly repeats: RepeatStanding | undefined }
    | undefined;
}

/** A study is asked for what it can do without while it is parked: to be loaded, and asked again. */
export class StudyAwayError extends Error {
  override readonly name = 'StudyAwayError';
  readonly study: string;

  constructor(study: string) {
    super(`study ${study} is not in memory`);
    this.study = study;
  }
}

/**
 * A study and everything folded from its events. Changed in place, by {@link apply} alone. `trials`, `history` and `holding`
 * are those of its body, and throw a {@link StudyAwayError} while that is away.
 */
export interface Study {
  readonly id: string;
  /** As it was submitted, and adjusted since. */
  spec: SearchSpec & { readonly seed: number };
  readonly source: string;
  readonly createdAt: number;
  readonly space: Space;
  sampler: Sampler;
  /** Where every configuration is evaluated several times. */
  repeats: Repeats | undefined;
  pruner: Pruner;
  /** Where training is given out in portions. */
  promoter: Promoter | undefined;
  /** Undefined while it is parked; there is a remnant then. */
  body: StudyBody | undefined;
  remnant: Remnant | undefined;
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
export function newStudy({ study: id, at, spec, source }: Omit<StudyCreated, 'type' | 'requestId'>): Study {
  const space = createSpace(spec.params, spec.relations);
  return {
    id,
    spec,
    source,
    createdAt: at,
    space,
    ...followersOf(spec, space, id),
    body: emptyBody(spec),
    remnant: undefined,
    get trials() {
      return bodyOf(this).trials;
    },
    get history() {
      return bodyOf(this).history;
    },
    set history(history: History) {
      bodyOf(this).history = history;
    },
    get holding() {
      return bodyOf(this).holding;
    },
    waiting: new Set(),
    delayed: new Delayed(),
    running: new Set(),
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

/** A body without trials. */
export function emptyBody({ metric }: SearchSpec, forgotten: readonly number[] = []): StudyBody {
  return { trials: [], history: new History(metric.goal, metric.value, forgotten), holding: new Set(), used: true };
}

/** Lets go of a study's body. Whatever was derived from it goes as well. */
export function park(study: Study, remnant: Remnant): void {
  Object.assign(study, followersOf(study.spec, study.space, study.id));
  study.body = undefined;
  study.remnant = remnant;
}

function bodyOf({ id, body }: Study): StudyBody {
  if (body === undefined) throw new StudyAwayError(id);
  body.used = true;
  return body;
}

/** What follows a study's history and keeps what it derives from it. */
function followersOf(
  { sampler, pruner, repeats, metric: { goal }, seed }: Study['spec'],
  space: Space,
  id: string,
): Pick<Study, 'sampler' | 'repeats' | 'pruner' | 'promoter'> {
  return {
    sampler: createSampler(sampler, space, goal, seed),
    repeats: repeats === undefined ? undefined : new Repeats(repeats),
    pruner: createPruner(pruner, goal, { studyName: id }),
    promoter: promoterOf(pruner, goal),
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
