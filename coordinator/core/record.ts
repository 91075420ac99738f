import type { RepeatStanding, Standing } from '../../search/index.js';
import { fromLogged, type LoggedNumber, toLogged } from './events.js';
import { Evidence, type EvidenceRecord } from './evidence.js';
import { indexHolding, References, type ReferencesRecord } from './references.js';
import { emptyState, isActive, type State } from './state.js';
import { emptyBody, metricOf, newStudy, type Study, type StudyBody } from './study.js';
import { isFinal, type Trial, trainingSeconds } from './trial.js';
import { knowBest, remnantOf } from './views.js';

/*
 * A state as JSON and back: what snapshots are made of. A record has everything that later events depend on, so that the
 * state that is made of it cannot be told from the one that it was made from. Its shape is a format: whoever changes it, or
 * what it is made from, gives snapshots a new format version, and the golden snapshot's test says so.
 */

/** A state without its studies. */
export interface StateRecord {
  readonly events: number;
  readonly deleted: readonly string[];
  readonly requests: readonly (readonly [id: string, made: { readonly study: string; readonly trial?: number }])[];
  readonly artifacts: ReferencesRecord;
}

/** What is copied as it is. */
type Plain =
  | 'id'
  | 'spec'
  | 'source'
  | 'createdAt'
  | 'status'
  | 'why'
  | 'detail'
  | 'finishedAt'
  | 'proposed'
  | 'repeated'
  | 'queue'
  | 'enqueued'
  | 'exhausted'
  | 'failure'
  | 'startedAt'
  | 'pausedAt'
  | 'pausedMs'
  | 'stepsRun'
  | 'stepsSaved'
  | 'invalidated'
  | 'revision'
  | 'counts';

const PLAIN: readonly Plain[] = [
  'id',
  'spec',
  'source',
  'createdAt',
  'status',
  'why',
  'detail',
  'finishedAt',
  'proposed',
  'repeated',
  'queue',
  'enqueued',
  'exhausted',
  'failure',
  'startedAt',
  'pausedAt',
  'pausedMs',
  'stepsRun',
  'stepsSaved',
  'invalidated',
  'revision',
  'counts',
];

/** A study without its body. */
export interface StudyRecord extends Pick<Study, Plain> {
  readonly waiting: readonly number[];
  readonly delayed: readonly { readonly number: number; readonly due: number }[];
  readonly running: readonly number[];
  readonly paused: readonly number[];
  readonly datasetDigests: readonly (readonly [key: string, digest: string])[];
  readonly refusedBy: readonly (readonly [worker: string, reason: string])[];
  readonly evidence: EvidenceRecord;
  readonly best?: BestRecord | undefined;
}

interface BestRecord {
  readonly trial: Trial;
  readonly standing: Omit<Standing, 'value'> & { readonly value?: LoggedNumber | undefined };
  readonly repeats?: (Omit<RepeatStanding, 'mean'> & { readonly mean?: LoggedNumber | undefined }) | undefined;
}

/** What a study's body is made of again. */
export interface BodyRecord {
  /** The study's revision that it belongs to. */
  readonly revision: number;
  /** Of the history, see there. */
  readonly forgotten: readonly number[];
  /** Plain values, as they would come out of JSON. */
  readonly trials: readonly Trial[];
}

export function stateRecord({ events, deleted, requests, artifacts }: State): StateRecord {
  return { events, deleted: [...deleted], requests: [...requests], artifacts: artifacts.record };
}

/** Shares what it is made of with the study: to be turned into text before the next event. */
export function studyRecord(study: Study): StudyRecord {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, study[name]])) as Pick<Study, Plain>;
  const best = bestRecord(study);
  return {
    ...plain,
    waiting: [...study.waiting],
    delayed: study.delayed.entries,
    running: [...study.running],
    paused: [...study.paused],
    datasetDigests: [...study.datasetDigests],
    refusedBy: [...study.refusedBy],
    evidence: study.evidence.record,
    best,
  };
}

/** Of one that can be shown without its body; one that is active is not. */
function bestRecord(study: Study): BestRecord | undefined {
  if (study.body !== undefined && isActive(study)) return undefined;
  const { best } = study.body === undefined ? study.remnant! : remnantOf(study);
  return (
    best && {
      trial: best.trial,
      standing: { ...best.standing, value: numberRecord(best.standing.value) },
      repeats: best.repeats && { ...best.repeats, mean: numberRecord(best.repeats.mean) },
    }
  );
}

/** A copy that later events do not change: trials that have ended never change, and those that go on are copied. */
export function bodyRecord({ revision, trials, history }: Study): BodyRecord {
  const copies = trials.map((trial) => (isFinal(trial) ? trial : { ...trial, reports: [...trial.reports] }));
  return { revision, forgotten: history.forgotten, trials: copies };
}

/** A state with these studies, in the order in which they were created. Bodies are away. */
export function stateFrom(record: StateRecord, studies: readonly StudyRecord[]): State {
  const state: State = { ...emptyState(), artifacts: new References(record.artifacts) };
  state.events = record.events;
  for (const id of record.deleted) state.deleted.add(id);
  for (const [id, made] of record.requests) state.requests.set(id, made);
  for (const study of studies.map(studyFrom)) {
    state.studies.set(study.id, study);
    if (isActive(study)) state.active.add(study);
  }
  return state;
}

function studyFrom(record: StudyRecord): Study {
  const { id, spec, source, createdAt, best } = record;
  const study = newStudy({ study: id, spec, source, at: createdAt });
  // What was undefined is not in a JSON record.
  for (const name of PLAIN) Object.assign(study, { [name]: record[name] });
  for (const number of record.waiting) study.waiting.add(number);
  for (const { number, due } of record.delayed) study.delayed.add(number, due);
  for (const number of record.running) study.running.add(number);
  for (const number of record.paused) study.paused.add(number);
  for (const [key, digest] of record.datasetDigests) study.datasetDigests.set(key, digest);
  for (const [worker, reason] of record.refusedBy) study.refusedBy.set(worker, reason);
  study.body = undefined;
  study.remnant = {
    best: best && {
      trial: best.trial,
      standing: { ...best.standing, value: numberFrom(best.standing.value) },
      repeats: best.repeats && { ...best.repeats, mean: numberFrom(best.repeats.mean) },
    },
  };
  return Object.assign(study, { evidence: new Evidence(record.evidence) });
}

/** Trials and reports that a body is given in one portion: about a millisecond. */
const PORTION = 500;

/**
 * Gives a study its body back, in portions: it has it after the last. Nothing happens to the study before that, for whatever
 * is to waits for its body.
 *
 * @throws {Error} when the record is of another moment than the study
 */
export function* restoreBody(study: Study, { revision, forgotten, trials }: BodyRecord): Generator<void> {
  const check = (): void => {
    if (revision === study.revision) return;
    throw new Error(`study ${study.id} is at ${study.revision}, and these are its trials at ${revision}`);
  };
  check();
  const body = emptyBody(study.spec, forgotten);
  let portion = 0;
  for (const trial of trials) {
    body.trials.push(trial);
    indexHolding(body, trial);
    if (trial.rerunOf === undefined && trial.invalidated === undefined) remember(study, body, trial);
    portion += 1 + trial.reports.length;
    if (portion < PORTION) continue;
    portion = 0;
    yield;
  }
  check();
  const { remnant } = study;
  study.body = body;
  study.remnant = undefined;
  // What was shown of it without its body.
  if (remnant !== undefined && !isActive(study)) knowBest(study, body, remnant.best?.standing);
}

function remember(study: Study, { history }: StudyBody, trial: Trial): void {
  const reports = trial.reports.flatMap((report) => {
    const value = metricOf(study, report);
    return value === undefined ? [] : [{ step: report.step, value }];
  });
  const { number, params, origin, status, draws, repeatOf } = trial;
  const seconds = isFinal(trial) ? trainingSeconds(trial) : undefined;
  history.adopt({
    number,
    params,
    origin,
    status,
    reports,
    ...(seconds === undefined ? {} : { seconds }),
    ...(draws === undefined ? {} : { draws }),
    ...(repeatOf === undefined ? {} : { repeatOf }),
  });
}

function numberRecord(value: number | undefined): LoggedNumber | undefined {
  return value === undefined ? undefined : toLogged(value);
}

function numberFrom(value: LoggedNumber | undefined): number | undefined {
  return value === undefined ? undefined : fromLogged(value);
}
