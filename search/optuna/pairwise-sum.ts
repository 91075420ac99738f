/**
 * The sum of n doubles in the order in which numpy adds contiguous arrays, so that rounding errors agree.
 *
 * @param start index of the first; @param n how many
 */
export function pairwiseSum(values: ArrayLike<number>, start = 0, n: number = values.length - start): number {
  if (n < 8) {
    let sum = 0;
    for (let i = start; i < start + n; i++) sum += values[i]!;
    return sum;
  }
  if (n > 128) {
    const half = n >> 1;
    const left = half - (half % 8);
    return pairwiseSum(values, start, left) + pairwiseSum(values, start + left, n - left);
  }
  return eightLanes(values, start, n);
}

function eightLanes(values: ArrayLike<number>, start: number, n: number): number {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  const whole = start + n - (n % 8);
  for (let i = start; i < whole; i += 8) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
    e += values[i + 4]!;
    f += values[i + 5]!;
    g += values[i + 6]!;
    h += values[i + 7]!;
  }
  let sum = a + b + (c + d) + (e + f + (g + h));
  for (let i = whole; i < start + n; i++) sum += values[i]!;
  return sum;
}
