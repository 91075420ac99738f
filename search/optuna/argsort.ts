import { firstFrom } from './ascending.js';

/**
 * How numpy's default argsort orders equal values, which decides what kernel width each of them gets. `simd` is numpy
 * 2 on x86 with AVX2 or AVX-512, `scalar` what it does everywhere else.
 */
export type ArgsortKind = 'simd' | 'scalar';

/** Up to this many elements, numpy's vector sort is one network, the same for AVX2 and AVX-512. */
export const NETWORK_MAX = 256;

/**
 * The indices of `values[0..n)` in ascending order of their values, with equal ones in numpy's order. Beyond
 * `NETWORK_MAX` numpy's own order of equal values under `simd` depends on the processor; here it is then by index.
 *
 * @param values without NaN
 */
export function argsort(kind: ArgsortKind, values: Float64Array, n: number): Int32Array {
  if (kind === 'scalar') return introsort(values, n);
  if (n <= NETWORK_MAX) return network(ranksOf(values, n), n);
  return Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
}

/**
 * What `argsort` gives under `simd` for at most `NETWORK_MAX` values, of which is known how they compare: a bitonic network
 * over the next power of two, padded with infinity, that never exchanges equal values. Ranks carry the index in their
 * lower bits, so that exchanging takes no branch that a processor could guess wrong.
 *
 * @param ranks integers in [0, 2^22) that compare as the values do, which are finite
 */
export function network(ranks: ArrayLike<number>, n: number): Int32Array {
  let size = 1;
  while (size < n) size *= 2;
  const keys = KEYS;
  for (let i = 0; i < n; i++) keys[i] = (ranks[i]! << INDEX_BITS) | i;
  for (let i = n; i < size; i++) keys[i] = PADDING | i;
  for (let half = 1; half < size; half *= 2) {
    for (let start = 0; start < size; start += 2 * half) {
      const end = start + 2 * half - 1;
      for (let i = 0; i < half; i++) exchange(keys, start + i, end - i);
    }
    for (let stride = half >> 1; stride >= 1; stride >>= 1) {
      for (let start = 0; start < size; start += 2 * stride) {
        for (let i = start; i < start + stride; i++) exchange(keys, i, i + stride);
      }
    }
  }
  const order = new Int32Array(n);
  let at = 0;
  for (let i = 0; at < n; i++) {
    const index = keys[i]! & INDEX;
    // Only values of infinity could have changed places with the padding.
    if (index < n) order[at++] = index;
  }
  return order;
}

const INDEX_BITS = 8;
const INDEX = (1 << INDEX_BITS) - 1;
const PADDING = 0x7fffff00;
const KEYS = new Int32Array(NETWORK_MAX);

/** Equal values share a rank, and infinity is the padding's. */
function ranksOf(values: Float64Array, n: number): Int32Array {
  const ascending = values.slice(0, n).sort();
  const ranks = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    ranks[i] = value === Number.POSITIVE_INFINITY ? PADDING >> INDEX_BITS : firstFrom(ascending, n, value);
  }
  return ranks;
}

function exchange(keys: Int32Array, i: number, j: number): void {
  const left = keys[i]!;
  const right = keys[j]!;
  // All ones where the right rank is the lower one, otherwise 0.
  const wrong = ((right >> INDEX_BITS) - (left >> INDEX_BITS)) >> 31;
  const difference = (left ^ right) & wrong;
  keys[i] = left ^ difference;
  keys[j] = right ^ difference;
}

/** Quicksort by median of three, insertion sort for at most 16 elements, heapsort for what was put off too deep. */
function introsort(values: Float64Array, n: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  if (n < 2) return order;
  const open: [low: number, high: number, depth: number][] = [[0, n - 1, 2 * (31 - Math.clz32(n))]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    let [low, high, depth] = next;
    if (depth < 0) {
      heapsort(values, order.subarray(low, high + 1));
      continue;
    }
    while (high - low > 15) {
      const middle = partition(values, order, low, high);
      depth--;
      // The larger side waits: the stack stays short.
      if (middle - low < high - middle) {
        open.push([middle + 1, high, depth]);
        high = middle - 1;
      } else {
        open.push([low, middle - 1, depth]);
        low = middle + 1;
      }
    }
    insertionSort(values, order, low, high);
  }
  return order;
}

function partition(values: Float64Array, order: Int32Array, low: number, high: number): number {
  const middle = low + ((high - low) >> 1);
  if (values[order[middle]!]! < values[order[low]!]!) swap(order, middle, low);
  if (values[order[high]!]! < values[order[middle]!]!) swap(order, high, middle);
  if (values[order[middle]!]! < values[order[low]!]!) swap(order, middle, low);
  const pivot = values[order[middle]!]!;
  let i = low;
  let j = high - 1;
  swap(order, middle, j);
  for (;;) {
    do i++;
    while (values[order[i]!]! < pivot);
    do j--;
    while (pivot < values[order[j]!]!);
    if (i >= j) break;
    swap(order, i, j);
  }
  swap(order, i, high - 1);
  return i;
}

function swap(order: Int32Array, i: number, j: number): void {
  const index = order[i]!;
  order[i] = order[j]!;
  order[j] = index;
}

function insertionSort(values: Float64Array, order: Int32Array, low: number, high: number): void {
  for (let i = low + 1; i <= high; i++) {
    const index = order[i]!;
    const value = values[index]!;
    let j = i;
    while (j > low && value < values[order[j - 1]!]!) {
      order[j] = order[j - 1]!;
      j--;
    }
    order[j] = index;
  }
}

function heapsort(values: Float64Array, order: Int32Array): void {
  for (let root = (order.length >> 1) - 1; root >= 0; root--) sift(values, order, root, order.length);
  for (let end = order.length - 1; end > 0; end--) {
    swap(order, 0, end);
    sift(values, order, 0, end);
  }
}

function sift(values: Float64Array, order: Int32Array, root: number, end: number): void {
  const index = order[root]!;
  let hole = root;
  for (let child = 2 * hole + 1; child < end; child = 2 * hole + 1) {
    if (child + 1 < end && values[order[child]!]! < values[order[child + 1]!]!) child++;
    if (!(values[index]! < values[order[child]!]!)) break;
    order[hole] = order[child]!;
    hole = child;
  }
  order[hole] = index;
}
