import { stepsAbove, wholeSteps } from './decimal.js';
import { nextBelow, roundEven } from './rounding.js';

/** A value as the objective sees it; null is Python's None, which may be a choice. */
export type External = number | string | boolean | null;

/** `step` is null for a continuous float; `log` and a float's step exclude each other; a logarithmic int has step 1. */
export interface Numeric {
  readonly type: 'float' | 'int';
  readonly low: number;
  readonly high: number;
  readonly step: number | null;
  readonly log: boolean;
}

export interface Categorical {
  readonly type: 'categorical';
  readonly choices: readonly External[];
}

/** Optuna's distributions. Values are doubles inside: numbers themselves, or the index of a choice. */
export type Distribution = Numeric | Categorical;

/** A float whose `high` is lowered to the last step that fits, as Optuna's constructor does. */
export function floatDistribution(low: number, high: number, log: boolean, step: number | null): Numeric {
  if (step === null) return { type: 'float', low, high, step, log };
  return { type: 'float', low, high: stepsAbove(low, wholeSteps(low, high, step), step), step, log };
}

export function intDistribution(low: number, high: number, log: boolean, step: number): Numeric {
  return { type: 'int', low, high: low + Math.floor((high - low) / step) * step, step, log };
}

/** Whether only one value is possible, which then costs no random numbers. */
export function isSingle(dist: Distribution): boolean {
  if (dist.type === 'categorical') return dist.choices.length === 1;
  const { type, low, high, step, log } = dist;
  if (low === high) return true;
  if (step === null || (type === 'int' && log)) return false;
  return type === 'int' ? high - low < step : wholeSteps(low, high, step) < 1;
}

export function singleValue(dist: Distribution): number {
  return dist.type === 'categorical' ? 0 : dist.low;
}

/** @throws {RangeError} for a value that is none of the choices, or no number where one is needed */
export function toInternal(dist: Distribution, value: External): number {
  if (dist.type !== 'categorical') {
    if (typeof value === 'number') return value;
    if (typeof value === 'boolean') return Number(value);
    throw new RangeError(`value ${JSON.stringify(value)} must be a number`);
  }
  const index = dist.choices.findIndex((choice) => equalInPython(choice, value));
  if (index < 0) throw new RangeError(`value ${String(value)} must be one of ${dist.choices.map(String).join(', ')}`);
  return index;
}

export function toExternal(dist: Distribution, value: number): External {
  return dist.type === 'categorical' ? dist.choices[value]! : value;
}

/** Whether a value lies in the range; a stepped float within 1e-8 of a step. */
export function contains(dist: Distribution, value: number): boolean {
  if (dist.type === 'categorical') return value >= 0 && value < dist.choices.length;
  const { type, low, high, step } = dist;
  if (!(low <= value && value <= high)) return false;
  if (step === null) return true;
  if (type === 'int') return (value - low) % step === 0;
  const steps = (value - low) / step;
  return Math.abs(steps - roundEven(steps)) < 1e-8;
}

export function sameDistribution(a: Distribution, b: Distribution): boolean {
  if (a === b) return true;
  if (a.type === 'categorical') {
    if (b.type !== 'categorical' || a.choices.length !== b.choices.length) return false;
    return a.choices.every((choice, i) => Object.is(choice, b.choices[i]));
  }
  if (b.type === 'categorical') return false;
  return a.type === b.type && a.low === b.low && a.high === b.high && a.step === b.step && a.log === b.log;
}

/** The interval of which uniform draws become values by `untransform`: in logs, and half a step wider on both sides. */
export function transformedBounds(dist: Numeric): readonly [low: number, high: number] {
  const half = dist.step === null ? 0 : 0.5 * dist.step;
  if (dist.log) return [Math.log(dist.low - half), Math.log(dist.high + half)];
  return [dist.low - half, dist.high + half];
}

export function untransform(dist: Numeric, x: number): number {
  const { type, low, high, step, log } = dist;
  if (type === 'int') {
    if (log) return clip(roundEven(Math.exp(x)), low, high);
    return clip(Math.floor((x - low) / step! + 0.5) * step! + low, low, high);
  }
  // The exponential of the logarithm of `low` may be a digit less than `low`; a sequence's first point is just there.
  if (log) return clip(Math.exp(x), low, nextBelow(high));
  if (step !== null) return roundedToStep(dist, x);
  return Math.min(x, nextBelow(high));
}

/** The nearest step; of two equally near ones that with an even number. */
export function roundedToStep(dist: Numeric, x: number): number {
  const { low, high } = dist;
  const step = dist.step!;
  return clip(roundEven((x - low) / step) * step + low, low, high);
}

export function clip(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

/** Python's ==: True is 1, False is 0; NaN, which is compared by identity there, is itself. */
function equalInPython(a: External, b: External): boolean {
  const [left, right] = [a, b].map((value) => (typeof value === 'boolean' ? Number(value) : value));
  return left === right || (Number.isNaN(left) && Number.isNaN(right));
}
