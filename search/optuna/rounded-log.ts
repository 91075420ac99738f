const BITS = 160n;
const ONE = 1n << BITS;

/**
 * The natural logarithm rounded as C libraries round it: to the nearest double but for the rarest cases, where engines'
 * `Math.log` is off by one in the last place for one argument in fifty. Slow, for where a floor is taken of the result.
 *
 * @param x positive and finite
 */
export function roundedLog(x: number): number {
  const exponent = Math.round(Math.log2(x));
  const mantissa = scaled(x, -exponent);
  const log = artanhTwice(((mantissa - ONE) * ONE) / (mantissa + ONE)) + BigInt(exponent) * LN2;
  return toDouble(log);
}

/** 2 artanh(t) = log((1 + t) / (1 - t)), in fixed point. */
function artanhTwice(t: bigint): bigint {
  const square = (t * t) / ONE;
  let power = t;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k;
    power = (power * square) / ONE;
  }
  return 2n * sum;
}

const LN2 = artanhTwice(ONE / 3n);

/** x * 2^shift in fixed point. */
function scaled(x: number, shift: number): bigint {
  let exponent = 0;
  let whole = x;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    exponent--;
  }
  const bits = BITS + BigInt(exponent + shift);
  return bits >= 0n ? BigInt(whole) << bits : BigInt(whole) >> -bits;
}

/** Numbers of BigInt are rounded to the nearest double; the division by a power of two is exact. */
function toDouble(fixed: bigint): number {
  return Number(fixed) / 2 ** Number(BITS);
}
