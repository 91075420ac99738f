import type { Repeats, Trial } from '../../proto/index.js';
import { trialStateName } from '../../proto/state-names.js';
import { fromLogged, type LoggedNumber, toLogged } from '../core/events.js';
import type { CurveRow, RepeatsRow, TrialRow, TrialState } from './wire.js';

/**
 * A trial's message as a row.
 *
 * @param names the parameters in the order of the space
 */
export function toTrialRow(trial: Trial, names: readonly string[]): TrialRow {
  const params = new Map(trial.params.map(({ name, value }) => [name, value?.kind?.value ?? null]));
  return [
    trial.number,
    trialStateName(trial.state) as TrialState,
    trial.value === undefined ? null : toLogged(trial.value),
    trial.valueStep,
    trial.lastStep,
    trial.plannedSteps,
    trial.origin,
    trial.rerunOf ?? null,
    trial.reason,
    trial.proposedAtMs,
    trial.endedAtMs,
    trial.basedOn,
    trial.seed,
    trial.attempts.map(({ worker, startedAtMs, endedAtMs, end, reason }) => [
      worker,
      startedAtMs,
      endedAtMs,
      end,
      reason,
    ]),
    repeatsRow(trial.repeats),
    names.map((name) => params.get(name) ?? null),
    trial.invalidated ? trial.invalidatedReason : null,
  ];
}

function repeatsRow(repeats: Repeats | undefined): RepeatsRow | null {
  if (repeats === undefined) return null;
  const { mean, complete, wanted } = repeats;
  return [mean === undefined ? null : toLogged(mean), complete, wanted];
}

interface StepMetrics {
  readonly step: number;
  readonly metrics: Readonly<Record<string, LoggedNumber>>;
}

/** One metric over the steps of a trial's reports; undefined when it is in none of them. */
export function toCurveRow(trial: number, reports: readonly StepMetrics[], metric: string): CurveRow | undefined {
  const steps: number[] = [];
  const values: LoggedNumber[] = [];
  for (const { step, metrics } of reports) {
    const value = metrics[metric];
    if (value === undefined) continue;
    steps.push(step);
    values.push(rounded(fromLogged(value)));
  }
  return steps.length === 0 ? undefined : [trial, steps, values];
}

/** Six digits are more than a plot can show, and a third of the bytes. */
function rounded(value: number): LoggedNumber {
  return toLogged(Number(value.toPrecision(6)));
}
