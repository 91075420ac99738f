import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** A tensor of numbers as rows of the length of its last axis, to be summed over all others: as for the gradient of a bias. */
export interface Columns {
  readonly rows: number;
  readonly columns: number;
  /** Of the sums. */
  readonly outputShape: number[];
}

/** @returns undefined where other axes are summed, or other than numbers */
export function columnsOf(
  x: TensorInfo,
  { axis, keepDims }: { readonly axis: number | number[]; readonly keepDims: boolean },
): Columns | undefined {
  const last = x.shape.length - 1;
  const axes = util.parseAxisParam(axis, x.shape);
  if (x.dtype !== 'float32' || last < 1 || axes.length !== last || axes.includes(last)) return undefined;
  const columns = x.shape[last]!;
  const outputShape = keepDims ? [...axes.map(() => 1), columns] : [columns];
  return { rows: util.sizeFromShape(x.shape) / columns, columns, outputShape };
}
