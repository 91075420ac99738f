import { studyJson, trialJson, workerJson } from '../../proto/json.js';
import { csvLine, csvTitle } from '../../proto/trials-csv.js';
import {
  COST_OF_A_REPORT,
  COST_OF_A_STUDY,
  COST_OF_A_TRIAL,
  COST_OF_A_WORKER,
  followedRanking,
  namesOf,
} from '../calls/long-answers.js';
import type { Fleet } from '../core/fleet.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import { ranksOf, studyView, summaryOf, TrialMoments, viewOf, workerViews } from '../core/views.js';
import type { Work } from '../portions.js';
import { toStudy, toTrial, toWorker } from '../rpc/convert.js';
import { jsonWork, linesWork, type Made, type Pieces } from './long-text.js';
import { curveRow, momentRow, studyRow } from './rows.js';
import type { CurveRow, StudyChange, StudyCurves, StudyTable, TrialRow } from './wire.js';

/*
 * What the dashboard reads that may be long, made in portions. What it says of a study is of one moment, as in
 * `calls/long-answers.ts`.
 */

/** JSON costs about as much again as what it is made of. */
const TO_JSON = 2;

/** `GET /api/studies`. */
export function* studiesText({ state, fleet }: Core, nowMs: number): Work<Pieces> {
  return yield* jsonWork({ position: state.events, nowMs }, { studies: studyRows({ state, fleet }) });
}

/** Studies as they are when their turn comes. */
export function* studyRows({ state, fleet }: Pick<Core, 'state' | 'fleet'>): Iterable<Made<unknown>> {
  for (const study of state.studies.values()) yield { value: studyRow(study, fleet), cost: TO_JSON * COST_OF_A_STUDY };
}

/** `GET /api/workers`. */
export function* workersText({ fleet }: Core): Work<Pieces> {
  return yield* jsonWork({}, { workers: workerRows(workerViews(fleet)) });
}

export function* workerRows(views: ReturnType<typeof workerViews>): Iterable<Made<unknown>> {
  for (const view of views) yield { value: workerJson(toWorker(view)), cost: TO_JSON * COST_OF_A_WORKER };
}

/** `GET /api/studies/ID/table`: a {@link StudyTable}. */
export function* tableText({ state, fleet }: Core, study: Study, nowMs: number): Work<Pieces> {
  const { metric, params, relations } = study.spec;
  const head: Omit<StudyTable, 'rows'> = {
    study: studyRow(study, fleet),
    source: study.source,
    space: { params, relations },
    metric,
    position: state.events,
    nowMs,
  };
  return yield* jsonWork({ ...head }, { rows: trialRows(study) });
}

function trialRows(study: Study): Iterable<Made<TrialRow>> {
  const names = namesOf(study);
  const moments = new TrialMoments(study);
  return each(moments.trials, (index) => ({ value: momentRow(moments.at(index), names), cost: COST_OF_A_TRIAL }));
}

/** `GET /api/studies/ID/curves`: {@link StudyCurves}. */
export function* curvesText({ state }: Core, study: Study): Work<Pieces> {
  const head: Omit<StudyCurves, 'curves'> = { position: state.events };
  return yield* jsonWork({ ...head }, { curves: curveRows(study) });
}

function* curveRows(study: Study): Iterable<Made<CurveRow>> {
  const { spec } = study;
  for (const trial of new TrialMoments(study).trials) {
    const value = curveRow({ spec }, trial);
    if (value !== undefined) yield { value, cost: trial.reports.length };
  }
}

/** A {@link StudyChange} that tells trials from their beginning. */
export function* longCatchUp(
  study: Study,
  numbers: readonly number[],
  { position, fleet, nowMs }: { readonly position: number; readonly fleet: Fleet; readonly nowMs: number },
): Work<Pieces> {
  const head: Omit<StudyChange, 'rows' | 'whole'> = { study: studyRow(study, fleet), added: [], position, nowMs };
  const names = namesOf(study);
  const { spec } = study;
  const moments = new TrialMoments(
    study,
    numbers.map((number) => study.trials[number]!),
  );
  const rows = each(moments.trials, (index) => ({
    value: momentRow(moments.at(index), names),
    cost: TO_JSON * COST_OF_A_TRIAL,
  }));
  const whole = each(moments.trials, (_, trial) => ({
    value: curveRow({ spec }, trial) ?? [trial.number, [], []],
    cost: TO_JSON * trial.reports.length,
  }));
  return yield* jsonWork({ ...head }, { rows, whole });
}

/** `GET /api/studies/ID/export.csv`. */
export function* csvText({ fleet }: Core, study: Study): Work<Pieces> {
  yield* followedRanking(study);
  const head = toStudy(studyView(study, fleet));
  const ranks = ranksOf(study);
  const moments = new TrialMoments(study);
  function* lines(): Iterable<Made<string>> {
    yield { value: csvTitle(head), cost: COST_OF_A_STUDY };
    yield* each(moments.trials, (index, { number }) => {
      const trial = toTrial({ ...summaryOf(moments.at(index)), reports: [] }, head.params);
      const rank = ranks.get(number);
      return { value: csvLine(head, { trial, ...(rank === undefined ? {} : { rank }) }), cost: COST_OF_A_TRIAL };
    });
  }
  return yield* linesWork(lines());
}

/** `GET /api/studies/ID/export.json`. */
export function* exportText({ fleet }: Core, study: Study): Work<Pieces> {
  yield* followedRanking(study);
  const head = toStudy(studyView(study, fleet));
  const ranks = ranksOf(study);
  const moments = new TrialMoments(study);
  const trials = each(moments.trials, (index, { number, reports }) => ({
    value: { rank: ranks.get(number) ?? null, ...trialJson(toTrial(viewOf(moments.at(index)), head.params)) },
    cost: TO_JSON * (COST_OF_A_TRIAL + reports.length * COST_OF_A_REPORT),
  }));
  return yield* jsonWork({ study: studyJson(head) }, { trials });
}

/** One after another, each when it is asked for. */
function* each<I, T>(items: readonly I[], make: (index: number, item: I) => Made<T>): Iterable<Made<T>> {
  for (const [index, item] of items.entries()) yield make(index, item);
}
