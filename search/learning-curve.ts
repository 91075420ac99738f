import type { Report } from './trial-value.js';

/** Exponents that are tried; between them a curve's shape changes little. */
const EXPONENTS = [0.25, 0.5, 1, 2];
/** Fewer points say nothing of a curve's shape. */
const LEAST_POINTS = 3;

/**
 * Draws a falling curve out to a later step: its last value, and the fall from there that the power law
 * c + a * step^-b, a >= 0, has which fits it best (least squares; the family "pow3" of Domhan et al. 2015, "Speeding up
 * automatic hyperparameter optimization of deep neural networks by extrapolation of learning curves").
 *
 * @param losses one at least, in the order of their steps, which are 1 or more
 */
export function forecast(losses: readonly Report[], end: number): number {
  const last = losses.at(-1)!;
  if (losses.length < LEAST_POINTS || end <= last.step) return last.value;
  let least = Number.POSITIVE_INFINITY;
  let fall = 0;
  for (const exponent of EXPONENTS) {
    const { slope, residue } = fitLine(losses, exponent);
    if (residue >= least) continue;
    least = residue;
    fall = Math.max(0, slope) * (last.step ** -exponent - end ** -exponent);
  }
  return last.value - fall;
}

/** The least squares of value = intercept + slope * step^-exponent. */
function fitLine(losses: readonly Report[], exponent: number): { readonly slope: number; readonly residue: number } {
  const n = losses.length;
  let meanX = 0;
  let meanY = 0;
  for (const { step, value } of losses) {
    meanX += step ** -exponent / n;
    meanY += value / n;
  }
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const { step, value } of losses) {
    const x = step ** -exponent - meanX;
    const y = value - meanY;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  return { slope: xy / xx, residue: yy - (xy * xy) / xx };
}
