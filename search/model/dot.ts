/**
 * Inner product of n numbers of each array. Four sums run side by side, because one would wait for each of its own
 * additions.
 */
export function dot(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, n: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    sum0 += a[aFrom + k]! * b[bFrom + k]!;
    sum1 += a[aFrom + k + 1]! * b[bFrom + k + 1]!;
    sum2 += a[aFrom + k + 2]! * b[bFrom + k + 2]!;
    sum3 += a[aFrom + k + 3]! * b[bFrom + k + 3]!;
  }
  for (; k < n; k++) sum0 += a[aFrom + k]! * b[bFrom + k]!;
  return sum0 + sum1 + (sum2 + sum3);
}
