/** A decimal fraction: digits * 10^-scale. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** The decimal fraction that a finite double is written as, in the shortest form that reads back as the same double. */
export function decimalOf(x: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(x).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

/** How many times `step` fits between low and high, in decimal arithmetic: 0.1 fits three times between 0 and 0.3. */
export function wholeSteps(low: number, high: number, step: number): number {
  const [a, b, c] = sameScale([decimalOf(low), decimalOf(high), decimalOf(step)]);
  return Number((b! - a!) / c!);
}

/** `low + steps * step` in decimal arithmetic. */
export function stepsAbove(low: number, steps: number, step: number): number {
  const parts = [decimalOf(low), decimalOf(step)];
  const [a, c] = sameScale(parts);
  const scale = Math.max(...parts.map((part) => part.scale));
  return Number(`${a! + BigInt(steps) * c!}e${-scale}`);
}

function sameScale(decimals: readonly Decimal[]): bigint[] {
  const scale = Math.max(...decimals.map((decimal) => decimal.scale));
  return decimals.map((decimal) => decimal.digits * 10n ** BigInt(scale - decimal.scale));
}
