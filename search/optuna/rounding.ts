const DOUBLE = new Float64Array(1);
const BITS = new BigInt64Array(DOUBLE.buffer);

/** The nearest integer; of two equally near ones the even, unlike `Math.round`. */
export function roundEven(x: number): number {
  // Above 2^52 every double is an integer already, and adding half to it would round it once more.
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The next double towards -Infinity of a finite one. */
export function nextBelow(x: number): number {
  if (x === 0) return -Number.MIN_VALUE;
  DOUBLE[0] = x;
  BITS[0]! += x > 0 ? -1n : 1n;
  return DOUBLE[0]!;
}
