import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../register-kernels.js';
import { int, runElementwise, type WebgpuBackend } from './engine.js';

/** Sums over all axes but the last, as for the gradient of a bias: the engine's own turns the whole tensor first. */
export const columnSums: OwnKernel<WebgpuBackend> = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const { axis, keepDims } = attrs as unknown as { readonly axis: number | number[]; readonly keepDims: boolean };
  const last = x.shape.length - 1;
  const axes = util.parseAxisParam(axis, x.shape);
  if (x.dtype !== 'float32' || last < 1 || axes.length !== last || axes.includes(last)) return undefined;
  const columns = x.shape[last]!;
  const rows = util.sizeFromShape(x.shape) / columns;
  const outputShape = keepDims ? [...axes.map(() => 1), columns] : [columns];
  if (rows <= FEW_ROWS) return sums(backend, x, rows, rows, outputShape);
  // As many rows for each thread as there are sums of theirs to add up.
  const rowsEach = Math.round(Math.sqrt(rows));
  const parts = sums(backend, x, rows, rowsEach, [Math.ceil(rows / rowsEach), columns]);
  const total = sums(backend, parts, parts.shape[0]!, parts.shape[0]!, outputShape);
  backend.disposeData(parts.dataId);
  return total;
};

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
