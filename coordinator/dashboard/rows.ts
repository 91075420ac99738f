import { type StudyJson, studyJson } from '../../proto/json.js';
import { namesOf } from '../calls/long-answers.js';
import type { Fleet } from '../core/fleet.js';
import type { Study } from '../core/study.js';
import type { Trial } from '../core/trial.js';
import { momentOf, studyView, summaryOf, type TrialMoment } from '../core/views.js';
import { toStudy, toTrial } from '../rpc/convert.js';
import { toCurveRow, toTrialRow } from './trial-row.js';
import type { CurveRow, TrialRow } from './wire.js';

/** A study as every face has it, but for the best trial's curve: live messages repeat the rest four times a second. */
export function studyRow(study: Study, fleet: Fleet): StudyJson {
  const json = studyJson(toStudy(studyView(study, fleet)));
  return { ...json, best: json.best && { ...json.best, reports: [] } };
}

/** A trial as the dashboard's table holds it. */
export function trialRow(study: Study, trial: Trial): TrialRow {
  return momentRow(momentOf(study, trial), namesOf(study));
}

/** @param names the parameters in the order of the file */
export function momentRow(moment: TrialMoment, names: readonly string[]): TrialRow {
  return toTrialRow(toTrial({ ...summaryOf(moment), reports: [] }, names), names);
}

/** The study's metric in a trial's reports, or in some of them; undefined when it is in none. */
export function curveRow(
  study: Pick<Study, 'spec'>,
  trial: Pick<Trial, 'number' | 'reports'>,
  reports: Trial['reports'] = trial.reports,
): CurveRow | undefined {
  return toCurveRow(trial.number, reports, study.spec.metric.name);
}
