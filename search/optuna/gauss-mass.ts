import { erf, erfc } from './erf.js';
import { fastExp } from './fast-exp.js';

const INVERSE_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

/**
 * The probability that a standard normal variable is in [l, r], to about 1e-13 of itself where the ends are not equal;
 * for sums over all kernels. `logGaussMass` is the form that loses nothing to underflow.
 */
export function gaussMass(l: number, r: number): number {
  const half = 0.5 * (r - l);
  const middle = 0.5 * (l + r);
  const size = Math.abs(middle);
  if (half * Math.max(size, 1) < 0.1) return narrowMass(middle, half);
  if (r <= 0) return 0.5 * (erfc(-r * Math.SQRT1_2) - erfc(-l * Math.SQRT1_2));
  if (l > 0) return 0.5 * (erfc(l * Math.SQRT1_2) - erfc(r * Math.SQRT1_2));
  return 0.5 * (erf(r * Math.SQRT1_2) - erf(l * Math.SQRT1_2));
}

/** Taylor's series of the density about the middle, integrated: its even derivatives are Hermite polynomials. */
function narrowMass(middle: number, half: number): number {
  const m = middle * middle;
  const h = half * half;
  const second = (m - 1) / 6;
  const fourth = (m * (m - 6) + 3) / 120;
  const sixth = (m * (m * (m - 15) + 45) - 15) / 5040;
  return 2 * half * INVERSE_SQRT_2PI * fastExp(-0.5 * m) * (1 + h * (second + h * (fourth + h * sixth)));
}
