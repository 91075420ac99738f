import type { TrialRecord } from '../history.js';
import type { Goal } from '../param.js';
import type { Report } from '../trial-value.js';
import { LossScale } from './loss-scale.js';

/** So many trials must have come to an end, or to the same step, before others are compared with them. */
const ANCHORS = 6;
/** Reports looked back at for the best one so far. */
const LOOK_BACK = 64;
/** How much the assumption that distances stay as they are weighs, in trials. */
const PRIOR = 1;
const LEAST_SLOPE = 0.1;
/** The residues of those that went on say too little of what those that were stopped might have come to: they were chosen. */
const DOUBT = 2;
/** Differences of losses must stay finite. */
const LARGEST = 1e300;

/**
 * What trials have come to or are expected to come to, as losses, for a model to learn from.
 *
 * A trial that has not been trained to its end is judged by the others that have: where they were at its last step, and
 * where they ended, tell by a straight line where it would have ended. While next to none has ended, all are judged at
 * the highest step that enough of them have reached (as BOHB models the largest budget with enough observations, Falkner et
 * al. 2018, section 3.2), those that have not come so far by the line that leads there.
 */
export class Prospects {
  /** By row: the loss, measured or expected; undefined where nothing is known. */
  readonly losses: readonly (number | undefined)[];
  /** By row: the standard deviation of a loss that is expected; 0 of one that is measured. */
  readonly #deviations: readonly number[];
  readonly #records: readonly TrialRecord[];
  readonly #scale: LossScale;

  constructor(records: readonly TrialRecord[], goal: Goal) {
    this.#records = records;
    const expected = expectedLosses(records, goal);
    this.losses = expected.map((one) => one?.loss);
    this.#deviations = expected.map((one) => one?.deviation ?? 0);
    this.#scale = new LossScale(Float64Array.from(this.losses.filter((loss) => loss !== undefined)));
  }

  /**
   * A row's place on the scale of the losses. One that failed, or ended without a value, counts as the worst known.
   *
   * @param expected what the model expects of it, for one that is open
   */
  valueOf(row: number, expected: number): number {
    const loss = this.losses[row];
    const { status } = this.#records[row]!;
    if (status === 'failed') return this.#scale.worst;
    const ended = status === 'complete' || status === 'pruned';
    if (loss === undefined) return ended ? this.#scale.worst : expected;
    // One that runs can still come to more, so it never speaks against its neighbourhood.
    return ended ? this.#scale.of(loss) : Math.min(expected, this.#scale.of(loss));
  }

  /**
   * The variance of what was expected of a row that was stopped, on the scale of the losses, by how far those that went on
   * came out beside their line: there is less to be learnt from a trial, the less its last step says of its end.
   */
  doubtOf(row: number): number {
    const deviation = this.#deviations[row]!;
    // An open one counts as looked at, whatever it will come to.
    if (deviation === 0 || this.#records[row]!.status !== 'pruned') return 0;
    const loss = this.losses[row]!;
    return DOUBT * ((this.#scale.of(loss + deviation) - this.#scale.of(loss - deviation)) / 2) ** 2;
  }

  /** The rows with the least losses, the best first, by number among equals. */
  best(count: number): number[] {
    const rows = [...this.losses.keys()].filter((row) => this.losses[row] !== undefined);
    rows.sort((a, b) => this.losses[a]! - this.losses[b]! || this.#records[a]!.number - this.#records[b]!.number);
    return rows.slice(0, count);
  }
}

interface Expected {
  readonly loss: number;
  readonly deviation: number;
}

function expectedLosses(records: readonly TrialRecord[], goal: Goal): (Expected | undefined)[] {
  const sign = goal === 'maximize' ? -1 : 1;
  const losses = records.map(({ status, value }) => (status === 'complete' ? lossOf(value, sign) : undefined));
  const targets = records.some(isPartial) ? targetsOf(records, losses, sign) : undefined;
  const lines = new Map<number, Line>();
  return records.map((trial, row) => {
    const measured = targets?.get(trial) ?? losses[row];
    if (measured !== undefined) return { loss: measured, deviation: 0 };
    if (targets === undefined || !isPartial(trial)) return undefined;
    const { step } = trial.reports.at(-1)!;
    const own = lossUpTo(trial.reports, step, sign);
    if (own === undefined) return undefined;
    const line = lines.get(step) ?? lineFrom(step, targets, sign);
    lines.set(step, line);
    return { loss: line.y + line.slope * (own - line.x), deviation: line.deviation };
  });
}

function isPartial({ status, reports }: TrialRecord): boolean {
  return status !== 'complete' && status !== 'failed' && reports.length > 0;
}

/** The trials that others are compared with, and what they came to: at their end, or at a step that enough have reached. */
function targetsOf(
  records: readonly TrialRecord[],
  measured: readonly (number | undefined)[],
  sign: number,
): ReadonlyMap<TrialRecord, number> {
  const ended = records.flatMap((trial, row): [TrialRecord, number][] =>
    measured[row] === undefined ? [] : [[trial, measured[row]]],
  );
  if (ended.length >= ANCHORS) return new Map(ended);
  const reached = records.filter(({ status, reports }) => status !== 'failed' && reports.length > 0);
  const steps = reached.map(lastStep).sort((a, b) => b - a);
  const end = steps[Math.min(ANCHORS, steps.length) - 1]!;
  return new Map(
    reached.flatMap((trial): [TrialRecord, number][] => {
      const loss = lastStep(trial) < end ? undefined : lossUpTo(trial.reports, end, sign);
      return loss === undefined ? [] : [[trial, loss]];
    }),
  );
}

function lastStep({ reports }: TrialRecord): number {
  return reports.at(-1)?.step ?? Number.NEGATIVE_INFINITY;
}

/** Through (x, y). */
interface Line {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
  /** The standard deviation of the targets from it. */
  readonly deviation: number;
}

/**
 * The line from losses at a step to the targets: least squares, drawn towards slope 1. Those that have targets are mostly the
 * better ones at the step, so that the line is asked far beyond them; distances there never grow, and never vanish.
 */
function lineFrom(step: number, targets: ReadonlyMap<TrialRecord, number>, sign: number): Line {
  const points: (readonly [x: number, y: number])[] = [];
  for (const [trial, y] of targets) {
    const x = lastStep(trial) < step ? undefined : lossUpTo(trial.reports, step, sign);
    if (x !== undefined) points.push([x, y]);
  }
  const n = points.length;
  if (n === 0) return { x: 0, y: 0, slope: 1, deviation: 0 };
  const x = points.reduce((sum, point) => sum + point[0] / n, 0);
  const y = points.reduce((sum, point) => sum + point[1] / n, 0);
  let xx = 0;
  let xy = 0;
  for (const point of points) {
    xx += (point[0] - x) ** 2;
    xy += (point[0] - x) * (point[1] - y);
  }
  const prior = (PRIOR * xx) / n;
  const raw = (xy + prior) / (xx + prior);
  const slope = Number.isFinite(raw) ? Math.max(LEAST_SLOPE, Math.min(1, raw)) : 1;
  const squares = points.reduce((sum, point) => sum + (point[1] - y - slope * (point[0] - x)) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, n - 1));
  return { x, y, slope, deviation: Number.isFinite(deviation) ? deviation : 0 };
}

/** The best loss at the last few reports up to a step. */
function lossUpTo(reports: readonly Report[], step: number, sign: number): number | undefined {
  let low = 0;
  let high = reports.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reports[middle]!.step <= step) low = middle + 1;
    else high = middle;
  }
  let best: number | undefined;
  for (let i = Math.max(0, low - LOOK_BACK); i < low; i++) {
    const loss = lossOf(reports[i]!.value, sign);
    if (loss !== undefined && (best === undefined || loss < best)) best = loss;
  }
  return best;
}

function lossOf(value: number | undefined, sign: number): number | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return Math.max(-LARGEST, Math.min(LARGEST, sign * value));
}
