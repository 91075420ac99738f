import { erf, erfc } from './erf.js';

/*
 * The normal distribution and its truncated form, by the formulas of Optuna's `_truncnorm.py` (after SciPy's), term by
 * term, because a candidate's value is wanted to the last digit.
 */

const SQRT_2 = Math.SQRT2;
export const LOG_SQRT_2PI: number = Math.log(Math.sqrt(2 * Math.PI));
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
const EPSILON = 2.220446049250313e-16;

/** The probability that a standard normal variable is below `a`. */
export function ndtr(a: number): number {
  const x = a / SQRT_2;
  if (x < -1 / SQRT_2) return 0.5 * erfc(-x);
  if (x < 1 / SQRT_2) return 0.5 + 0.5 * erf(x);
  return 1 - 0.5 * erfc(x);
}

/** The logarithm of `ndtr`, exact far into both tails. */
export function logNdtr(a: number): number {
  if (a > 6) return -ndtr(-a);
  if (a > -20) return Math.log(ndtr(a));
  if (a === Number.NEGATIVE_INFINITY) return a;
  return -0.5 * (a * a) - Math.log(-a) - HALF_LOG_2PI + Math.log(asymptoticSeries(a));
}

/** 1 - 1/a^2 + 3/a^4 - 15/a^6 ..., as far as the terms change it. */
function asymptoticSeries(a: number): number {
  const inverseSquare = 1 / (a * a);
  let sum = 1;
  let last = 0;
  let numerator = 1;
  let power = 1;
  for (let i = 1; Math.abs(last - sum) > EPSILON; i++) {
    last = sum;
    power *= inverseSquare;
    numerator *= 2 * i - 1;
    sum += (i % 2 === 0 ? 1 : -1) * numerator * power;
  }
  return sum;
}

/** log(exp(p) - exp(q)). */
function logDifference(p: number, q: number): number {
  return p + Math.log1p(-Math.exp(q - p));
}

/** The logarithm of the probability that a standard normal variable is in [a, b]. */
export function logGaussMass(a: number, b: number): number {
  if (b <= 0) return logDifference(logNdtr(b), logNdtr(a));
  if (a > 0) return logDifference(logNdtr(-a), logNdtr(-b));
  return Math.log1p(-(0.5 + 0.5 * erf(a / SQRT_2)) - (0.5 + 0.5 * erf(-b / SQRT_2)));
}

function logAddExp(x: number, y: number): number {
  if (x === y) return x + Math.LN2;
  const difference = x - y;
  if (difference > 0) return x + Math.log1p(Math.exp(-difference));
  if (difference <= 0) return y + Math.log1p(Math.exp(difference));
  return difference;
}

const LOGISTIC_SCALE = Math.sqrt(3) / Math.PI;

/** Arrays that are needed again with every call; allocating them took longer than the arithmetic. */
class Scratch {
  left: Float64Array = new Float64Array(0);
  right: Float64Array = new Float64Array(0);
  targets: Float64Array = new Float64Array(0);
  flipped: Uint8Array = new Uint8Array(0);

  reserve(n: number): void {
    if (n <= this.targets.length) return;
    this.left = new Float64Array(2 * n);
    this.right = new Float64Array(2 * n);
    this.targets = new Float64Array(2 * n);
    this.flipped = new Uint8Array(2 * n);
  }
}

const scratch = new Scratch();

/** Replaces each y of `ys[0..n)` by the x with logNdtr(x) = y, by Newton's method on all of them until all have settled. */
export function ndtriExp(ys: Float64Array, n: number): void {
  scratch.reserve(n);
  const { flipped, targets } = scratch;
  for (let i = 0; i < n; i++) {
    const y = ys[i]!;
    // Close to probability 1 the other tail is the one that can be told apart.
    flipped[i] = y > -1e-2 ? 1 : 0;
    const z = flipped[i] === 1 ? Math.log(-Math.expm1(y)) : y;
    targets[i] = z;
    ys[i] = z < -5 ? -Math.sqrt(-2 * (z + LOG_SQRT_2PI)) : -LOGISTIC_SCALE * Math.log(Math.expm1(-z));
  }
  for (let step = 0; step < 100; step++) {
    if (newtonStep(ys, targets, n)) break;
  }
  for (let i = 0; i < n; i++) if (flipped[i] === 1) ys[i] = -ys[i]!;
}

/** @returns whether no element moved by more than 1e-8 of itself */
function newtonStep(xs: Float64Array, targets: Float64Array, n: number): boolean {
  let settled = true;
  for (let i = 0; i < n; i++) {
    const x = xs[i]!;
    const log = logNdtr(x);
    if (log === targets[i]) continue;
    const change = (log - targets[i]!) * Math.exp(log - (-0.5 * (x * x) - LOG_SQRT_2PI));
    xs[i] = x - change;
    if (!(Math.abs(change) < 1e-8 * Math.abs(xs[i]!))) settled = false;
  }
  return settled;
}

/** Standard normal distributions truncated to an interval each, and what their quantiles need of it, which takes longest. */
export class Truncations {
  a: Float64Array = new Float64Array(0);
  b: Float64Array = new Float64Array(0);
  /** Logarithms: of the interval's probability, and of that of the tail that the quantiles are counted from. */
  masses: Float64Array = new Float64Array(0);
  tails: Float64Array = new Float64Array(0);

  reserve(n: number): void {
    if (n <= this.a.length) return;
    // Nothing equals NaN, so that all that was known is forgotten.
    this.a = new Float64Array(2 * n).fill(Number.NaN);
    this.b = new Float64Array(2 * n);
    this.masses = new Float64Array(2 * n);
    this.tails = new Float64Array(2 * n);
  }

  /** Makes the distribution of some number that to [a, b]; mostly it is already. */
  set(i: number, a: number, b: number): void {
    if (this.a[i] === a && this.b[i] === b) return;
    this.a[i] = a;
    this.b[i] = b;
    this.masses[i] = logGaussMass(a, b);
    this.tails[i] = a < 0 ? logNdtr(a) : logNdtr(-b);
  }
}

/**
 * Quantiles of truncated standard normal variables.
 *
 * @param q     probabilities in [0, 1], replaced by their quantiles
 * @param which for each of them, the number of its distribution
 * @param n     how many of both count
 */
export function truncatedQuantiles(q: Float64Array, truncations: Truncations, which: Int32Array, n: number): void {
  // The two sides are inverted separately: each goes on until its own slowest element has settled.
  scratch.reserve(n);
  const { left, right } = scratch;
  const { a, b, masses, tails } = truncations;
  let lefts = 0;
  let rights = 0;
  for (let i = 0; i < n; i++) {
    const k = which[i]!;
    if (a[k]! < 0) left[lefts++] = logAddExp(tails[k]!, Math.log(q[i]!) + masses[k]!);
    else right[rights++] = logAddExp(tails[k]!, Math.log1p(-q[i]!) + masses[k]!);
  }
  ndtriExp(left, lefts);
  ndtriExp(right, rights);
  lefts = 0;
  rights = 0;
  for (let i = 0; i < n; i++) {
    const k = which[i]!;
    const x = a[k]! < 0 ? left[lefts++]! : -right[rights++]!;
    if (a[k] === b[k]) q[i] = Number.NaN;
    else if (q[i] === 0) q[i] = a[k]!;
    else if (q[i] === 1) q[i] = b[k]!;
    else q[i] = x;
  }
}
