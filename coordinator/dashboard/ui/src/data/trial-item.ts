import type { ParamValue } from '../../../../../search/param.js';
import type { Standing } from '../../../../../search/rank.js';
import type { AttemptRow, RepeatsRow, TrialRow, TrialState, WireNumber } from '../../../wire.js';

/** A trial as the pages hold it; times are milliseconds since the epoch. */
export interface TrialItem {
  readonly number: number;
  readonly state: TrialState;
  /** May be infinite; NaN and "none yet" are undefined. */
  readonly value: number | undefined;
  readonly valueStep: number;
  readonly lastStep: number;
  readonly plannedSteps: number;
  readonly origin: string;
  readonly rerunOf: number | null;
  readonly reason: string;
  readonly proposedAt: number;
  /** 0 before its final state. */
  readonly endedAt: number;
  readonly basedOn: number;
  readonly seed: number;
  readonly attempts: readonly AttemptRow[];
  readonly repeats: RepeatsRow | null;
  /** What decides its place on the board. */
  readonly standing: Standing;
  /** In the order of the space; null where inactive. */
  readonly params: readonly (ParamValue | null)[];
  /** Why it left ranking and history; null for one that counts. */
  readonly invalidated: string | null;
}

export function fromRow(row: TrialRow): TrialItem {
  const [number, state, value, valueStep, lastStep, plannedSteps, origin, rerunOf, reason] = row;
  const [, , , , , , , , , proposedAt, endedAt, basedOn, seed, attempts, repeats, params, invalidated] = row;
  const ownValue = value === null ? undefined : fromWire(value);
  return {
    number,
    state,
    value: ownValue,
    valueStep,
    lastStep,
    plannedSteps,
    origin,
    rerunOf,
    reason,
    proposedAt,
    endedAt,
    basedOn,
    seed,
    attempts,
    repeats,
    standing: standingOf(number, state, ownValue, repeats),
    params,
    invalidated,
  };
}

/** As the coordinator ranks: trials of one configuration by its mean, those that lack repeats behind all that do not. */
function standingOf(
  number: number,
  status: TrialState,
  value: number | undefined,
  repeats: RepeatsRow | null,
): Standing {
  if (repeats === null || repeats[1] === 0 || (status !== 'complete' && status !== 'pruned')) {
    return { number, status, value };
  }
  const [mean, complete, wanted] = repeats;
  return {
    number,
    status: 'complete',
    value: mean === null ? undefined : fromWire(mean),
    provisional: complete < wanted,
  };
}

/** NaN is no value to compare with. */
export function fromWire(value: WireNumber): number | undefined {
  const number = typeof value === 'number' ? value : Number(value);
  return Number.isNaN(number) ? undefined : number;
}
