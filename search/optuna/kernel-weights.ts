/** Trials beyond so many weigh less the older they are. */
const FULL = 25;

/**
 * The default weights of n observations, by trial number, and of the prior after them: 1 for the prior and the newest
 * 25, a line from 1 / n up to 1 for the others.
 *
 * @param out takes n + 1 values
 */
export function kernelWeights(n: number, out: Float64Array): void {
  out.fill(1, 0, n + 1);
  const ramp = n - FULL;
  if (ramp < 1) return;
  const start = 1 / n;
  const step = ramp === 1 ? 0 : (1 - start) / (ramp - 1);
  for (let i = 0; i < ramp; i++) out[i] = i * step + start;
  if (ramp > 1) out[ramp - 1] = 1;
}

/** Of n observations and the prior. */
export function totalWeight(weights: Float64Array, n: number): number {
  let sum = 0;
  for (let k = 0; k <= n; k++) sum += weights[k]!;
  return sum;
}

/** How many of n finished trials are the good ones. */
export function goodCount(n: number): number {
  return Math.min(Math.ceil(0.1 * n), FULL);
}
