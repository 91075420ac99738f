/** A multivariate estimator's widths before version 5, the same for every observation. */
export function scottWidth(n: number, dimensions: number, range: number): number {
  return Math.min(Math.max(0.2 * n ** (-1 / (dimensions + 4)) * range, leastWidth(n, range)), range);
}

/**
 * Kernel widths by the distance to the farther neighbour; the outermost look inwards only, a single one at both ends of
 * the range.
 *
 * @param centres n observations
 * @param order   their indices, ascending by centre
 * @param out     takes n widths, in [range / min(100, n + 2), range]
 */
export function neighbourWidths(
  centres: Float64Array,
  order: Int32Array,
  n: number,
  low: number,
  high: number,
  out: Float64Array,
): void {
  const range = high - low;
  const least = leastWidth(n, range);
  let before = low;
  let centre = n > 0 ? centres[order[0]!]! : low;
  for (let i = 0; i < n; i++) {
    const after = i + 1 < n ? centres[order[i + 1]!]! : high;
    const below = centre - before;
    const above = after - centre;
    let width = Math.max(below, above);
    if (n > 1 && i === 0) width = above;
    if (n > 1 && i === n - 1) width = below;
    if (width < least) width = least;
    out[order[i]!] = Math.min(width, range);
    before = centre;
    centre = after;
  }
}

/** Of n observations' kernels; from 98 of them on always the same. */
export function leastWidth(n: number, range: number): number {
  return range / Math.min(100, n + 2);
}
