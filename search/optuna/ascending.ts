/** The least of n values. */
export function leastOf(values: Float64Array, n: number): number {
  let least = values[0]!;
  for (let i = 1; i < n; i++) if (values[i]! < least) least = values[i]!;
  return least;
}

/** Index of the first of n ascending values that is at least `limit`. */
export function firstFrom(ascending: Float64Array, n: number, limit: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
