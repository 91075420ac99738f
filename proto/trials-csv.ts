import { csv } from './csv.js';
import type { Study, Trial } from './index.js';
import { trialStateName } from './state-names.js';

/** One trial on a line, with its rank where it has one. */
export interface RankedTrial {
  readonly trial: Trial;
  readonly rank?: number;
}

/**
 * Trials as CSV: rank, trial, state, the metric's value, step of the value, last step, planned steps, origin, attempts,
 * reason, times in milliseconds since the epoch, seed, the first trial with the configuration and the mean of its repeats, then one column per parameter, `params.` before its name so that no
 * parameter hides a column. Numbers are printed in full; inactive parameters are empty.
 */
export function trialsCsv(study: Study, trials: readonly RankedTrial[]): string {
  return [csvTitle(study), ...trials.map((trial) => csvLine(study, trial))].join('');
}

/** The first line. */
export function csvTitle(study: Pick<Study, 'metric' | 'params'>): string {
  const title = [
    'rank',
    'trial',
    'state',
    study.metric,
    'value_step',
    'last_step',
    'planned_steps',
    'origin',
    'attempts',
    'reason',
    'proposed_at_ms',
    'ended_at_ms',
    'seed',
    'repeat_of',
    'mean',
  ];
  return csv([[...title, ...study.params.map((name) => `params.${name}`)]]);
}

/** A trial's line. */
export function csvLine({ params }: Pick<Study, 'params'>, { rank, trial }: RankedTrial): string {
  const values = new Map(trial.params.map(({ name, value }) => [name, value?.kind?.value]));
  return csv([
    [
      rank,
      trial.number,
      trialStateName(trial.state),
      trial.value,
      trial.value === undefined ? undefined : trial.valueStep,
      trial.lastStep,
      trial.plannedSteps || undefined,
      trial.origin,
      trial.attempts.length,
      trial.reason,
      trial.proposedAtMs,
      trial.endedAtMs || undefined,
      trial.seed,
      trial.repeats?.of,
      trial.repeats?.mean,
      ...params.map((name) => values.get(name)),
    ],
  ]);
}
