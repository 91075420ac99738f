import type { TensorInfo } from '@tensorflow/tfjs-core';
import { columnsOf } from '../columns.js';
import type { OwnKernel } from '../register-kernels.js';
import { int, runElementwise, type WebgpuBackend } from './engine.js';

/** Sums over all axes but the last: the engine's own turns the whole tensor first. */
export const columnSums: OwnKernel<WebgpuBackend> = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const found = columnsOf(x, attrs as unknown as Parameters<typeof columnsOf>[1]);
  return found && sumColumns(backend, x, found.rows, found.outputShape);
};

/** Sums of each column over all rows. */
export function sumColumns(backend: WebgpuBackend, x: TensorInfo, rows: number, outputShape: number[]): TensorInfo {
  if (rows <= FEW_ROWS) return sums(backend, x, rows, rows, outputShape);
  // As many rows for each thread as there are sums of theirs to add up.
  const rowsEach = Math.round(Math.sqrt(rows));
  const groups = Math.ceil(rows / rowsEach);
  const parts = sums(backend, x, rows, rowsEach, [groups, outputShape.at(-1)!]);
  const total = sums(backend, parts, groups, groups, outputShape);
  backend.disposeData(parts.dataId);
  return total;
}

/** So many are added up by one thread for each column. */
const FEW_ROWS = 256;

const SUMS = `
  let column = index % uniforms.columns;
  let first = index / uniforms.columns * uniforms.rowsEach;
  var sum = 0.0;
  for (var row = first; row < min(first + uniforms.rowsEach, uniforms.rows); row = row + 1) {
    sum = sum + numbers[row * uniforms.columns + column];
  }
  result[index] = sum;`;

/** Sums of each column over groups of rows, one group after another. Always in the same order. */
export function sums(
  backend: WebgpuBackend,
  numbers: TensorInfo,
  rows: number,
  rowsEach: number,
  outputShape: number[],
): TensorInfo {
  const columns = int(outputShape.at(-1)!);
  return runElementwise(backend, 'sums', SUMS, { numbers }, outputShape, {
    rows: int(rows),
    rowsEach: int(rowsEach),
    columns,
  });
}
