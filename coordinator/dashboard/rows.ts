import { type StudyJson, studyJson } from '../../proto/json.js';
import type { RepeatStanding } from '../../search/index.js';
import { fromLogged, type LoggedNumber, toLogged } from '../core/events.js';
import type { Fleet } from '../core/fleet.js';
import type { Study } from '../core/study.js';
import type { Trial } from '../core/trial.js';
import { studyView, trialSummary } from '../core/views.js';
import { toStudy } from '../rpc/convert.js';
import type { CurveRow, RepeatsRow, TrialRow } from './wire.js';

/** A study as every face has it, but for the best trial's curve: live messages repeat the rest four times a second. */
export function studyRow(study: Study, fleet: Fleet): StudyJson {
  const json = studyJson(toStudy(studyView(study, fleet)));
  return { ...json, best: json.best && { ...json.best, reports: [] } };
}

/** A trial as the dashboard's table holds it. */
export function trialRow(study: Study, trial: Trial): TrialRow {
  const view = trialSummary(study, trial);
  return [
    view.number,
    view.status,
    view.value === undefined ? null : toLogged(view.value.value),
    view.value?.step ?? 0,
    view.lastStep,
    view.plannedSteps,
    view.origin,
    view.rerunOf ?? null,
    view.reason,
    view.proposedAt,
    view.endedAt ?? 0,
    view.basedOn,
    view.seed,
    view.attempts.map(({ worker, startedAt, endedAt, end, reason }) => [
      worker,
      startedAt,
      endedAt ?? 0,
      end ?? '',
      reason,
    ]),
    repeatsRow(view.repeats),
    study.spec.params.map(({ name }) => view.params[name] ?? null),
    view.invalidated ?? null,
  ];
}

function repeatsRow(standing: RepeatStanding | undefined): RepeatsRow | null {
  if (standing === undefined) return null;
  const { mean, complete, wanted } = standing;
  return [mean === undefined ? null : toLogged(mean), complete, wanted];
}

/** The study's metric in a trial's reports, or in some of them; undefined when it is in none. */
export function curveRow(
  study: Study,
  trial: Pick<Trial, 'number' | 'reports'>,
  reports: Trial['reports'] = trial.reports,
): CurveRow | undefined {
  const { name } = study.spec.metric;
  const steps: number[] = [];
  const values: LoggedNumber[] = [];
  for (const { step, metrics } of reports) {
    const value = metrics[name];
    if (value === undefined) continue;
    steps.push(step);
    values.push(rounded(value));
  }
  return steps.length === 0 ? undefined : [trial.number, steps, values];
}

/** Six digits are more than a plot can show, and a third of the bytes. */
function rounded(value: LoggedNumber): LoggedNumber {
  const number = fromLogged(value);
  return Number.isFinite(number) ? Number(number.toPrecision(6)) : value;
}
