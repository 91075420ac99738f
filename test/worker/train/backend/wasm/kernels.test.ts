import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../../../../worker/train/backend/backend.js';
import {
  crossentropyInOne,
  normalizedInOne,
  reluGradient,
} from '../../../../../worker/train/backend/training-steps.js';
import { kernelsAlone } from '../../../../../worker/train/backend/wasm/kernels.js';
import { Random } from '../../../../../worker/train/random.js';

let random: Random;
beforeEach(async () => {
  await useBackend('wasm');
  random = new Random(1);
  tf.engine().startScope();
});
afterEach(() => tf.engine().endScope());

const numbers = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.bell()));

const flip = (rows: readonly number[][]): number[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!));

function product(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)));
}

function expectClose(actual: tf.Tensor, wanted: readonly number[][]): void {
  expect(actual.shape).toEqual([wanted.length, wanted[0]!.length]);
  const values = actual.dataSync();
  const differences = wanted.flat().map((value, index) => Math.abs(value - values[index]!));
  expect(Math.max(...differences)).toBeLessThan(1e-4);
}

const size = fc.integer({ min: 1, max: 19 });

describe('the matrix product on wasm', () => {
  it('is right for every size, with either operand transposed, with bias and relu', () => {
    fc.assert(
      fc.property(size, size, size, fc.boolean(), fc.boolean(), (m, k, n, transposeA, transposeB) => {
        const a = numbers(m, k);
        const b = numbers(k, n);
        const bias = numbers(1, n);
        const left = tf.tensor2d(transposeA ? flip(a) : a);
        const right = tf.tensor2d(transposeB ? flip(b) : b);
        const plain = product(a, b);
        expectClose(tf.matMul(left, right, transposeA, transposeB), plain);
        const fused = { a: left, b: right, transposeA, transposeB, bias: tf.tensor1d(bias[0]!) };
        const shifted = plain.map((row) => row.map((value, column) => value + bias[0]![column]!));
        expectClose(tf.fused.matMul({ ...fused, activation: 'linear' }), shifted);
        const rectified = shifted.map((row) => row.map((value) => Math.max(0, value)));
        expectClose(tf.fused.matMul({ ...fused, activation: 'relu' }), rectified);
      }),
      { numRuns: 80 },
    );
  });

  it('writes nothing beyond its result', () => {
    const outside = tf.ones([3, 9]);
    const results = Array.from({ length: 50 }, () => tf.matMul(tf.ones([5, 7]), tf.ones([7, 11])));
    for (const result of results) for (const value of result.dataSync()) expect(value).toBe(7);
    for (const value of outside.dataSync()) expect(value).toBe(1);
  });

  it('leaves stacks of matrices to the engine', () => {
    const stack = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    expect([...tf.matMul(stack, stack, true, false).dataSync()]).toEqual([10, 14, 14, 20, 74, 86, 86, 100]);
  });

  it('lets NaN through relu', () => {
    const a = tf.tensor2d([[Number.NaN, 1]]);
    const fused = tf.fused.matMul({ a, b: tf.ones([2, 3]), bias: tf.zeros([3]), activation: 'relu' });
    for (const value of fused.dataSync()) expect(value).toBeNaN();
  });

  it('leaves no block of memory behind', () => {
    const a = tf.ones([8, 8]);
    const before = tf.backend().numDataIds();
    tf.matMul(a, a, true, true).dispose();
    tf.sum(a, 0).dispose();
    expect(tf.backend().numDataIds()).toBe(before);
  });
});

describe('sums on wasm', () => {
  it('add up the rows, whatever the size', () => {
    for (const [rows, columns] of [
      [1, 1],
      [3, 8],
      [5, 19],
      [64, 33],
    ] as const) {
      const x = numbers(rows, columns);
      const wanted = flip(x).map((column) => column.reduce((sum, value) => sum + value, 0));
      expectClose(tf.sum(tf.tensor2d(x), 0, true), [wanted]);
      expect(tf.sum(tf.tensor2d(x), 0).shape).toEqual([columns]);
    }
  });

  it('along other axes are left to the engine', () => {
    const x = tf.tensor2d([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([...tf.sum(x, 1).dataSync()]).toEqual([6, 15]);
    expect([...tf.sum(x).dataSync()]).toEqual([21]);
    expect([...tf.sum(tf.cast(x, 'int32'), 0).dataSync()]).toEqual([5, 7, 9]);
  });
});

describe('the gradient of relu on wasm', () => {
  it('passes where the output is above zero, and takes what is negligible for zero', () => {
    const gradient = tf.tensor1d([1, 2, 3, 1e-35, 5, -6, 1e-36]);
    const output = tf.tensor1d([1, 0, 2, 1, 0, 0.5, 3]);
    expect([...reluGradient(gradient, output).dataSync()]).toEqual([1, 0, 3, 0, 0, -6, 0]);
  });
});

describe('the cross-entropy on wasm', () => {
  it('is that of its definition for every size and smoothing, and so is its gradient', () => {
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 2, max: 13 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (n, c, smoothing) => {
          const logits = numbers(n, c).map((row) => row.map((value) => 5 * value));
          const labels = Array.from({ length: n }, () => random.below(c));
          const made = crossentropyInOne(tf.tensor2d(logits), tf.tensor1d(labels, 'int32'), smoothing)!;
          const powers = logits.map((row) => row.map(Math.exp));
          const totals = powers.map((row) => row.reduce((sum, value) => sum + value, 0));
          const loss = labels.reduce((sum, label, r) => sum - Math.log(powers[r]![label]! / totals[r]!), 0);
          const right = labels.filter((label, r) => logits[r]!.indexOf(Math.max(...logits[r]!)) === label).length;
          const [sum, count] = made.sums as Float32Array;
          expect(Math.abs(sum! - loss) / (1 + loss)).toBeLessThan(1e-5);
          expect(count).toBe(right);
          const wanted = (label: number, column: number): number =>
            smoothing / c + (label === column ? 1 - smoothing : 0);
          expectClose(
            made.gradient,
            powers.map((row, r) => row.map((power, column) => (power / totals[r]! - wanted(labels[r]!, column)) / n)),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('normalization on wasm', () => {
  it('takes mean and deviation out of bytes, however many there are', () => {
    fc.assert(
      fc.property(size, size, (rows, columns) => {
        const stored = Uint8Array.from({ length: rows * columns }, () => random.below(256));
        const made = normalizedInOne((to) => to.set(stored), [rows, columns], { mean: 33.25, deviation: 78.5 })!;
        const at = (r: number, c: number): number => (stored[r * columns + c]! - 33.25) / 78.5;
        expectClose(
          made,
          Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => at(r, c))),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('the kernels', () => {
  it('bring no data into the memory they work on, where the engine has its own', () => {
    const { memory } = kernelsAlone();
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  });
});
