import { MAX_MESSAGE_BYTES } from '../../proto/channel.js';
import {
  type GetLeaderboardResponse,
  Leaderboard,
  LeaderboardRow,
  ListStudiesResponse,
  ListTrialsResponse,
  ListWorkersResponse,
  StreamTrialsResponse,
  Trial,
} from '../../proto/index.js';
import { followRanking, placesOf, ranksIn } from '../core/ranking.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import type { Trial as CoreTrial } from '../core/trial.js';
import {
  leaderboardView,
  ranksOf,
  reportViews,
  studyView,
  summaryOf,
  type TrialMoment,
  TrialMoments,
  workerViews,
} from '../core/views.js';
import type { Work } from '../portions.js';
import { toLeaderboard, toStudy, toTrial, toWorker } from '../rpc/convert.js';
import { Bytes, Encoded } from '../rpc/encoded.js';
import { Refused } from './refused.js';

/*
 * Answers that may be long, made and written in portions. What they say is of one moment: it is gathered before they yield
 * for the first time, and trials that have ended never change.
 */

/** What it takes to make and write something down, in microseconds or so. */
export const COST_OF_A_STUDY = 60;
export const COST_OF_A_TRIAL = 25;
export const COST_OF_A_REPORT = 2;
export const COST_OF_A_WORKER = 5;
/** To see whether a worker could run a study. */
const COST_OF_A_GLANCE = 0.05;
/** And to remember something for later. */
const COST_TO_REMEMBER = 0.2;

/** An answer that costs less is made at once. */
const SHORT = 2_000;

/** And only what has fewer rows is looked at so closely. */
const FEW = 200;

/** Changes of a study that are put in their places at a time, and what one costs. */
const CHANGES = 5_000;
const COST_OF_A_CHANGE = 0.3;

/** Reports that are written at a time. */
const REPORTS = 500;

export type Answer<M extends object> = M | Encoded<M>;

/** @param top how many rows; 0 for all */
export function* leaderboardAnswer(
  { state, fleet }: Core,
  study: Study,
  top: number,
  nowMs: number,
): Work<Answer<GetLeaderboardResponse>> {
  yield* followedRanking(study);
  const { standings, trials } = placesOf(study, top === 0 ? undefined : top);
  const runs = [...study.running].sort((a, b) => a - b).map((number) => study.trials[number]!);
  const shown = trials.length + runs.length + fleet.workers.size;
  if (shown < FEW && costOf(trials) + costOf(runs) < SHORT) {
    return { leaderboard: toLeaderboard(leaderboardView(state, fleet, study, top), nowMs) };
  }
  const names = namesOf(study);
  const rows = new TrialMoments(study, trials);
  const running = new TrialMoments(study, runs);
  const ranks = ranksIn(standings, study);
  const head = toStudy(studyView(study, fleet));
  const workers = workerViews(fleet);
  const position = state.events;
  yield COST_OF_A_STUDY + shown * COST_TO_REMEMBER;
  const board = new Bytes();
  board.add(Leaderboard.encode({ ...NO_BOARD, study: head, position, nowMs }).finish());
  for (const index of trials.keys()) {
    const trial = yield* trialBytes(rows.at(index), names);
    board.addField(2, rowBytes(ranks.next().value!, trial));
    checkLength(board, study);
  }
  for (const index of runs.keys()) {
    board.addField(3, yield* trialBytes(running.at(index), names));
    checkLength(board, study);
  }
  for (const worker of workers) {
    board.add(Leaderboard.encode({ ...NO_BOARD, workers: [toWorker(worker)] }).finish());
    yield COST_OF_A_WORKER;
  }
  const answer = new Bytes();
  answer.addField(1, board);
  return new Encoded(answer.finish(), shown);
}

/** All trials without their reports. */
export function* trialsAnswer({ fleet }: Core, study: Study): Work<Answer<ListTrialsResponse>> {
  const names = namesOf(study);
  const moments = new TrialMoments(study);
  const count = moments.trials.length;
  const head = toStudy(studyView(study, fleet));
  const bare = (index: number): Trial => toTrial({ ...summaryOf(moments.at(index)), reports: [] }, names);
  if (count < FEW && costOf(moments.trials) < SHORT) {
    return { study: head, trials: moments.trials.map((_, index) => bare(index)) };
  }
  yield COST_OF_A_STUDY + count * COST_TO_REMEMBER;
  const answer = new Bytes();
  answer.add(ListTrialsResponse.encode({ study: head, trials: [] }).finish());
  for (let index = 0; index < count; index += 1) {
    answer.add(ListTrialsResponse.encode({ study: undefined, trials: [bare(index)] }).finish());
    yield COST_OF_A_TRIAL + moments.trials[index]!.reports.length * COST_TO_REMEMBER;
    checkLength(answer, study);
  }
  return new Encoded(answer.finish(), count);
}

/** Studies as they are when their turn comes: none depends on another. */
export function* studiesAnswer({ state, fleet }: Core): Work<Answer<ListStudiesResponse>> {
  if (state.studies.size * COST_OF_A_STUDY < SHORT) {
    return { studies: [...state.studies.values()].map((study) => toStudy(studyView(study, fleet))) };
  }
  const answer = new Bytes();
  for (const study of state.studies.values()) {
    answer.add(ListStudiesResponse.encode({ studies: [toStudy(studyView(study, fleet))] }).finish());
    yield COST_OF_A_STUDY + fleet.workers.size * COST_OF_A_GLANCE;
  }
  return new Encoded(answer.finish(), state.studies.size);
}

export function* workersAnswer({ fleet }: Core): Work<Answer<ListWorkersResponse>> {
  const views = workerViews(fleet);
  if (views.length * COST_OF_A_WORKER < SHORT) return { workers: views.map(toWorker) };
  yield views.length * COST_TO_REMEMBER;
  const answer = new Bytes();
  for (const view of views) {
    answer.add(ListWorkersResponse.encode({ workers: [toWorker(view)] }).finish());
    yield COST_OF_A_WORKER;
  }
  return new Encoded(answer.finish(), views.length);
}

/** All of a study that `StreamTrials` sends, as it is now. */
export function allTrials(
  { fleet }: Core,
  study: Study,
): {
  /** The next message; undefined when all have been made. */
  readonly next: () => Work<Encoded<StreamTrialsResponse> | undefined>;
} {
  const names = namesOf(study);
  const ranks = ranksOf(study);
  const moments = new TrialMoments(study);
  const count = moments.trials.length;
  const head = [StreamTrialsResponse.encode({ study: toStudy(studyView(study, fleet)), rows: [] }).finish()];
  let from = 0;
  function* next(): Work<Encoded<StreamTrialsResponse> | undefined> {
    const begun = head.length > 0;
    if (!begun && from >= count) return undefined;
    const first = from;
    const message = new Bytes();
    for (const piece of head.splice(0)) message.add(piece);
    for (let cost = 0; cost < MESSAGE && from < count; from += 1) {
      const moment = moments.at(from);
      const trial = yield* trialBytes(moment, names);
      message.addField(2, rowBytes(ranks.get(moment.trial.number) ?? 0, trial));
      cost += COST_OF_A_TRIAL + moment.trial.reports.length * COST_OF_A_REPORT;
    }
    return new Encoded(message.finish(), from - first);
  }
  return { next };
}

/** Brings the order of a board up to date. */
export function* followedRanking(study: Study): Work<void> {
  while (!followRanking(study, CHANGES)) yield CHANGES * COST_OF_A_CHANGE;
}

/** What is put into one message of a stream. */
const MESSAGE = 12_000;

/** What it takes to make and write trials with their reports. */
function costOf(trials: readonly CoreTrial[]): number {
  let cost = 0;
  for (const { reports } of trials) cost += COST_OF_A_TRIAL + reports.length * COST_OF_A_REPORT;
  return cost;
}

export function namesOf({ spec }: Pick<Study, 'spec'>): string[] {
  return spec.params.map(({ name }) => name);
}

/** A trial with its reports, of which there may be more than can be written at once. */
function* trialBytes(moment: TrialMoment, names: readonly string[]): Work<Bytes> {
  const bytes = new Bytes();
  const { reports } = moment.trial;
  for (let from = 0; from === 0 || from < reports.length; from += REPORTS) {
    const views = reportViews(reports.slice(from, from + REPORTS));
    const piece =
      from === 0 ? toTrial({ ...summaryOf(moment), reports: views }, names) : { ...NO_TRIAL, reports: [...views] };
    bytes.add(Trial.encode(piece).finish());
    yield (from === 0 ? COST_OF_A_TRIAL : 0) + views.length * COST_OF_A_REPORT;
  }
  return bytes;
}

function rowBytes(rank: number, trial: Bytes): Bytes {
  const row = new Bytes();
  row.add(LeaderboardRow.encode({ rank, trial: undefined }).finish());
  row.addField(2, trial);
  return row;
}

const NO_BOARD: Leaderboard = Leaderboard.decode(new Uint8Array());
const NO_TRIAL: Trial = Trial.decode(new Uint8Array());

/** Neither end would take it. */
function checkLength({ length }: Bytes, { id }: Study): void {
  if (length < MAX_MESSAGE_BYTES) return;
  const words = `the trials of ${id} are more than one answer holds (${MAX_MESSAGE_BYTES / 2 ** 20} MiB)`;
  throw new Refused({ code: 'limit', message: `${words}: ask for fewer rows, or for all in pieces (assay export)` });
}
