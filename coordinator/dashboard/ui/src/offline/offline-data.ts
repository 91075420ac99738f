import type { TrialJson } from '../../../../../proto/json.js';
import type { AttemptRow, StudyCurves, StudyTable, TrialRow, WireNumber } from '../../../wire.js';

/** What an exported file holds: a study as its pages would ask for it. */
export interface OfflineData {
  readonly table: StudyTable;
  readonly curves: StudyCurves;
  readonly trials: readonly TrialJson[];
}

/** When the study began and when the last thing in it happened, milliseconds since the epoch. */
export function spanOf({ table }: OfflineData): { readonly from: number; readonly to: number } {
  const times = table.rows.flatMap((row) => {
    const [, , , , , , , , , proposedAt, endedAt, , , attempts] = row;
    return [proposedAt, endedAt, ...attempts.flatMap(([, start, end]) => [start, end])];
  });
  const to = times.reduce((latest, time) => Math.max(latest, time), table.study.createdAtMs);
  return { from: table.study.createdAtMs, to };
}

/**
 * The study as it was at a time. Ends of attempts and trials are known to the millisecond; reports carry no time of
 * their own and are taken to be spread evenly over their attempt.
 */
export function dataAt(data: OfflineData, at: number): OfflineData {
  if (at >= spanOf(data).to) return data;
  const sign = data.table.metric.goal === 'maximize' ? 1 : -1;
  const curves = new Map(data.curves.curves.map((curve) => [curve[0], curve]));
  const rows: TrialRow[] = [];
  const shown: StudyCurves['curves'][number][] = [];
  for (const row of data.table.rows) {
    if (row[9] > at) continue;
    const done = row[10] > 0 && row[10] <= at;
    const curve = curves.get(row[0]);
    if (done) {
      rows.push(row);
      if (curve !== undefined) shown.push(curve);
      continue;
    }
    const [, allSteps, allValues] = curve ?? [row[0], [], []];
    const count = Math.floor(allSteps.length * shareDone(row[13].filter(([, start]) => start <= at).at(-1), at));
    const [steps, values] = [allSteps.slice(0, count), allValues.slice(0, count)];
    if (count > 0) shown.push([row[0], steps, values]);
    rows.push(rowSoFar(row, at, { steps, values, sign }));
  }
  return { ...data, table: { ...data.table, rows, nowMs: at }, curves: { ...data.curves, curves: shown } };
}

function shareDone(attempt: AttemptRow | undefined, at: number): number {
  if (attempt === undefined) return 0;
  const [, start, end] = attempt;
  return end === 0 || end <= at ? 1 : (at - start) / Math.max(1, end - start);
}

/** A trial that had not ended yet. */
function rowSoFar(
  row: TrialRow,
  at: number,
  sofar: { readonly steps: readonly number[]; readonly values: readonly WireNumber[]; readonly sign: number },
): TrialRow {
  const [
    number,
    ,
    ,
    ,
    ,
    plannedSteps,
    origin,
    rerunOf,
    ,
    proposedAtMs,
    ,
    basedOn,
    seed,
    attempts,
    ,
    params,
    invalidated,
  ] = row;
  const begun = attempts
    .filter(([, start]) => start <= at)
    .map(
      (attempt): AttemptRow => (attempt[2] > at || attempt[2] === 0 ? [attempt[0], attempt[1], 0, '', ''] : attempt),
    );
  const { steps, values, sign } = sofar;
  let best = -1;
  for (const [index, value] of values.entries()) {
    if (best < 0 || sign * Number(value) > sign * Number(values[best])) best = index;
  }
  const state = begun.at(-1)?.[2] === 0 ? 'running' : 'waiting';
  const value = best < 0 ? null : values[best]!;
  return [
    ...([number, state, value, steps[best] ?? 0, steps.at(-1) ?? 0, plannedSteps, origin, rerunOf, ''] as const),
    ...([proposedAtMs, 0, basedOn, seed, begun, null, params, invalidated] as const),
  ];
}
