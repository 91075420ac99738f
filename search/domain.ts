import type { FloatParam, IntParam, ParamSpec, ParamValue } from './param.js';

/**
 * How many values a parameter has; Infinity for a real number without a step. Values are numbered from 0 in their
 * order, and every parameter has a unit scale [0, 1] on which a uniform draw is the parameter's own random choice.
 */
export function levels(param: ParamSpec): number {
  if (param.kind === 'categorical') return param.choices.length;
  if (param.low === param.high) return 1;
  if (param.step === undefined) return Number.POSITIVE_INFINITY;
  // The tolerance lets 0 to 1 in steps of 0.1 have eleven values though 1 / 0.1 may come out below 10.
  return Math.floor((param.high - param.low) / param.step + 1e-9) + 1;
}

/** The value numbered `level`, in [0, levels - 1]. */
export function valueAt(param: ParamSpec, level: number): ParamValue {
  if (param.kind === 'categorical') return param.choices[level]!;
  if (param.step === undefined) return param.low;
  const value = param.low + level * param.step;
  // Fifteen digits drop what binary fractions add to decimal steps: 0.3 and not 0.30000000000000004.
  return param.kind === 'int' ? value : Math.min(param.high, Number(value.toPrecision(15)));
}

/** The number of the value nearest to `value`; -1 for a choice that is not there. */
export function levelOf(param: ParamSpec, value: ParamValue): number {
  if (param.kind === 'categorical') return param.choices.indexOf(value);
  if (param.step === undefined || param.low === param.high) return 0;
  const level = Math.round((Number(value) - param.low) / param.step);
  return Math.max(0, Math.min(levels(param) - 1, level));
}

/** Where a value is on its parameter's unit scale: the middle of its share for a stepped one, or of its choice. */
export function toUnit(param: ParamSpec, value: ParamValue): number {
  if (param.kind === 'categorical') return (param.choices.indexOf(value) + 0.5) / param.choices.length;
  const { low, high } = edges(param);
  if (low === high) return 0.5;
  return (scaled(param, Number(value)) - low) / (high - low);
}

/** The value whose share of the unit scale `unit`, in [0, 1], falls into. */
export function fromUnit(param: ParamSpec, unit: number): ParamValue {
  if (param.kind === 'categorical') {
    return param.choices[Math.min(param.choices.length - 1, Math.floor(unit * param.choices.length))]!;
  }
  if (param.low === param.high || unit <= 0) return param.low;
  const { low, high } = edges(param);
  const at = low + unit * (high - low);
  // The ends are met exactly, which exp(log(x)) need not be.
  const value = unit >= 1 ? param.high : Math.max(param.low, Math.min(param.high, param.log ? Math.exp(at) : at));
  return param.step === undefined ? value : valueAt(param, levelOf(param, value));
}

function scaled(param: FloatParam | IntParam, value: number): number {
  return param.log ? Math.log(value) : value;
}

/** The ends of the unit scale: half a step beyond the outer values, so that these get a full share. */
function edges(param: FloatParam | IntParam): { low: number; high: number } {
  if (param.step === undefined) return { low: scaled(param, param.low), high: scaled(param, param.high) };
  const half = param.step / 2;
  const last = param.low + (levels(param) - 1) * param.step;
  // On a logarithmic scale half a step below the lowest value may be no positive number.
  const below = param.log ? Math.max(param.low - half, param.low / 2) : param.low - half;
  return { low: scaled(param, below), high: scaled(param, last + half) };
}
