/** What a kernel needs to know about the parameters: which of them are categorical. */
export type Shape = readonly boolean[];

/**
 * How alike two configurations are: a rational quadratic kernel of shape 2,
 * k(a, b) = (1 + r / 4)^-2 with r = sum of weight * (squared distance on the unit scale, or 1 for different choices).
 *
 * It is a mixture of squared exponentials of many widths (Rasmussen and Williams 2006, equation 4.19), and needs neither
 * exponential nor root. An inactive number counts as the middle of its scale, an inactive choice as one more choice.
 */
export interface Kernel {
  /** By parameter index, > 0; a large weight means that the value changes quickly along the parameter. */
  readonly weights: Float64Array;
  /** Variance of what the configuration does not explain, as a share of the signal's variance. */
  readonly noise: number;
}

/** Where a coded value is compared from: where it is, or where an inactive one is taken to be. */
export function toPlace(categorical: boolean, value: number): number {
  if (!Number.isNaN(value)) return value;
  return categorical ? -1 : 0.5;
}

/** The part of r that one parameter contributes, without its weight. */
export function distance(categorical: boolean, a: number, b: number): number {
  if (categorical) return a === b ? 0 : 1;
  return (a - b) * (a - b);
}

/** The kernel's value at distance r. */
export function similarity(r: number): number {
  const base = 1 + 0.25 * r;
  return 1 / (base * base);
}
