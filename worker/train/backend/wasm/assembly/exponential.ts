// e^x and ln x without tables: a table would be static data, and these functions share the engine's memory, where such
// data would lie on the engine's own. Polynomials and their splitting of ln 2 after Moshier's Cephes, expf.c and logf.c.

/** Below this the result has no full exponent any more; it is 0. */
const SMALLEST: f32 = -87.3;
const LARGEST: f32 = 88.3;
const LOG2E: f32 = 1.44269504088896341;
/** ln 2 in two parts, the first of which has few digits, so that its multiples are exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
const ROOT_HALF: f32 = 0.707106781186547524;

export function exp(x: f32): f32 {
  if (!(x >= SMALLEST)) return isNaN(x) ? x : 0;
  if (x > LARGEST) return Infinity;
  const power = nearest(x * LOG2E);
  const r = x - power * LN2_HIGH - power * LN2_LOW;
  let y: f32 = 1.98756915e-4;
  y = y * r + 1.3981999507e-3;
  y = y * r + 8.3334519073e-3;
  y = y * r + 4.1665795894e-2;
  y = y * r + 1.6666665459e-1;
  y = y * r + 5.0000001201e-1;
  y = y * r * r + r + 1;
  return y * reinterpret<f32>((<i32>power + 127) << 23);
}

/** @param x above 0, with a full exponent; NaN and infinity are returned */
export function log(x: f32): f32 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i32>(x);
  let power = <f32>((bits >> 23) - 126);
  let r = reinterpret<f32>((bits & 0x007fffff) | 0x3f000000);
  if (r < ROOT_HALF) {
    power -= 1;
    r += r;
  }
  r -= 1;
  const square = r * r;
  let y: f32 = 7.0376836292e-2;
  y = y * r - 1.151461031e-1;
  y = y * r + 1.167699874e-1;
  y = y * r - 1.2420140846e-1;
  y = y * r + 1.4249322787e-1;
  y = y * r - 1.6668057665e-1;
  y = y * r + 2.0000714765e-1;
  y = y * r - 2.4999993993e-1;
  y = y * r + 3.3333331174e-1;
  y = y * r * square + power * LN2_LOW - 0.5 * square;
  return r + y + power * LN2_HIGH;
}
