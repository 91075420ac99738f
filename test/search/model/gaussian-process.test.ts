import { describe, expect, it } from 'vitest';
import { Rng } from '../../../search/index.js';
import { defaultKernel, fitKernel } from '../../../search/model/fit-kernel.js';
import { GaussianProcess } from '../../../search/model/gaussian-process.js';
import { type Kernel, similarity } from '../../../search/model/kernel.js';
import { LossScale } from '../../../search/model/loss-scale.js';

const SHAPE = [false, true, false];
const KERNEL: Kernel = { weights: Float64Array.of(4, 1, 9), noise: 0.05 };

function codes(count: number, seed: number): Float64Array[] {
  const rng = new Rng(seed, 0);
  return Array.from({ length: count }, () => Float64Array.of(rng.next(), rng.below(3), rng.next()));
}

const valueOfCode = (code: Float64Array) => Math.sin(5 * code[0]!) + 0.5 * code[1]! - code[2]!;

function k(a: Float64Array, b: Float64Array): number {
  return similarity(4 * (a[0]! - b[0]!) ** 2 + (a[1] === b[1] ? 0 : 1) + 9 * (a[2]! - b[2]!) ** 2);
}

/** Solves A x = b by Gauss-Jordan elimination, the plainest way there is. */
function solve(matrix: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, b[i]!]);
  for (const [i, pivotRow] of rows.entries()) {
    const pivot = pivotRow[i]!;
    for (let j = 0; j < pivotRow.length; j++) pivotRow[j]! /= pivot;
    for (const [other, row] of rows.entries()) {
      if (other === i) continue;
      const factor = row[i]!;
      for (let j = 0; j < row.length; j++) row[j]! -= factor * pivotRow[j]!;
    }
  }
  return rows.map((row) => row.at(-1)!);
}

/** Mean, and variance as a share of the signal's, straight from the textbook. */
function posterior(
  rows: readonly Float64Array[],
  values: readonly number[],
  at: Float64Array,
  doubts: readonly number[] = [],
): { mean: number; variance: number; signal: number } {
  const matrix = rows.map((a, i) => rows.map((b, j) => k(a, b) + (i === j ? KERNEL.noise + (doubts[i] ?? 0) : 0)));
  const alike = rows.map((row) => k(row, at));
  const weights = solve(matrix, values);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return {
    mean: dot(alike, weights),
    variance: 1 - dot(alike, solve(matrix, alike)),
    signal: dot(values, weights) / rows.length,
  };
}

describe('GaussianProcess', () => {
  const rows = codes(25, 1);
  const values = rows.map(valueOfCode);
  const doubts = rows.map((_, i) => (i % 3 === 0 ? 0.7 : 0));

  it('gives the bound that the textbook gives, with some rows noisier than others', () => {
    const process = new GaussianProcess(SHAPE, KERNEL, 40);
    for (const [i, row] of rows.entries()) process.append(row, doubts[i]);
    process.observe((row) => values[row]!);
    for (const at of codes(10, 2)) {
      const { mean, variance, signal } = posterior(rows, values, at, doubts);
      expect(process.lowerBound(at, 2, Number.POSITIVE_INFINITY)).toBeCloseTo(
        mean - 2 * Math.sqrt(variance * signal),
        9,
      );
    }
  });

  it('says Infinity exactly where the bound is not below the limit', () => {
    const process = new GaussianProcess(SHAPE, KERNEL, 40);
    for (const [i, row] of rows.entries()) process.append(row, doubts[i]);
    process.observe((row) => values[row]!);
    for (const at of [...codes(200, 3), ...rows]) {
      const bound = process.lowerBound(at, 2, Number.POSITIVE_INFINITY);
      expect(process.lowerBound(at, 2, bound + 1e-9)).toBe(bound);
      expect(process.lowerBound(at, 2, bound - 1e-9)).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('is the same to the last bit whether it grew row by row, went back, or was built at once', () => {
    const grown = new GaussianProcess(SHAPE, KERNEL, 40);
    for (const row of rows.slice(0, 15)) grown.append(row);
    for (const row of codes(5, 9)) grown.append(row);
    grown.observe(() => 1);
    grown.truncate(15);
    for (const row of rows.slice(15)) grown.append(row);
    const built = new GaussianProcess(SHAPE, KERNEL, 64);
    for (const row of rows) built.append(row);
    for (const process of [grown, built]) process.observe((row) => values[row]!);
    for (const at of codes(10, 4)) {
      expect(grown.lowerBound(at, 2, Number.POSITIVE_INFINITY)).toBe(built.lowerBound(at, 2, Number.POSITIVE_INFINITY));
    }
  });

  it('leaves its expectations as they are at a row whose value is what it expects, but is surer there', () => {
    const process = new GaussianProcess(SHAPE, KERNEL, 40);
    for (const row of rows) process.append(row);
    const [open] = codes(1, 7);
    process.append(open!);
    process.observe((row, expected) => (row < rows.length ? values[row]! : expected));
    const { mean, variance, signal } = posterior(rows, values, open!);
    expect(process.lowerBound(open!, 1e-12, Number.POSITIVE_INFINITY)).toBeCloseTo(mean, 9);
    expect(process.lowerBound(open!, 2, Number.POSITIVE_INFINITY)).toBeGreaterThan(
      mean - 2 * Math.sqrt(variance * signal) + 0.01,
    );
  });

  it('survives equal rows and equal values', () => {
    const process = new GaussianProcess(SHAPE, { ...KERNEL, noise: 1e-4 }, 40);
    for (let i = 0; i < 30; i++) process.append(rows[0]!);
    process.observe(() => 0);
    expect(process.lowerBound(rows[0]!, 2, Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(0);
    expect(process.lowerBound(rows[1]!, 2, Number.POSITIVE_INFINITY)).toBeGreaterThan(-1);
  });
});

describe('fitKernel', () => {
  it('finds out which parameters matter', () => {
    const rows = codes(32, 5);
    const values = Float64Array.from(rows, (code) => 2 * Math.sin(6 * code[0]!));
    const fitted = fitKernel(SHAPE, defaultKernel(SHAPE), rows, values);
    expect(fitted.weights[0]! / fitted.weights[2]!).toBeGreaterThan(5);
    expect(fitted.weights[1]!).toBeLessThan(0.5);
  });
});

describe('LossScale', () => {
  const losses = [5, 0.1, 0.2, 3, 1e6, 0.2, 7];

  it('keeps the order, about zero on average and one in spread, whatever the outliers', () => {
    const scale = new LossScale(Float64Array.from(losses));
    const standing = losses.map((loss) => scale.of(loss));
    const order = [...losses.keys()].sort((a, b) => losses[a]! - losses[b]!);
    for (let i = 1; i < order.length; i++) {
      expect(standing[order[i]!]! >= standing[order[i - 1]!]!).toBe(true);
    }
    expect(standing[2]).toBe(standing[5]);
    expect(standing.reduce((a, b) => a + b)).toBeCloseTo(0, 9);
    expect(standing.reduce((a, b) => a + b * b, 0) / losses.length).toBeCloseTo(1, 9);
    expect(scale.worst).toBe(scale.of(1e6));
    expect(scale.of(1e9)).toBe(scale.worst);
    expect(scale.median).toBe(3);
  });

  it('knows nothing of no losses, and nothing but zero of equal ones', () => {
    expect(new LossScale(new Float64Array(0)).of(3)).toBe(0);
    const scale = new LossScale(Float64Array.of(2, 2, 2));
    expect([scale.of(2), scale.worst].every((value) => Math.abs(value) < 1e-9)).toBe(true);
  });
});
