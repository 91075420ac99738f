import { backend_util } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../register-kernels.js';
import { sums } from './column-sums.js';
import { int, runElementwise, type WebgpuBackend } from './engine.js';

type Shape4D = [number, number, number, number];

interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: Shape4D;
}

/** Shares that are held at a time: 16 MiB of them. */
const MOST_SHARES = 1 << 22;

/** One weight's share of some rows of the output, of all images one after another. */
const PARTIAL = `
  let weights = uniforms.outShape.y;
  let weight = index % weights;
  let first = (index / weights) * uniforms.rowsEach;
  let end = min(first + uniforms.rowsEach, uniforms.rows);
  let output = weight % uniforms.dyShape.w;
  let input = (weight / uniforms.dyShape.w) % uniforms.xShape.w;
  let tap = weight / (uniforms.dyShape.w * uniforms.xShape.w);
  let down = tap / uniforms.filterWidth - uniforms.top;
  let along = tap % uniforms.filterWidth - uniforms.left;
  var sum = 0.0;
  for (var row = first; row < end; row = row + 1) {
    let y = (row % uniforms.dyShape.y) * uniforms.strideHeight + down;
    if (y >= 0 && y < uniforms.xShape.y) {
      let line = (row / uniforms.dyShape.y * uniforms.xShape.y + y) * uniforms.xShape.z;
      for (var place = 0; place < uniforms.dyShape.z; place = place + 1) {
        let column = place * uniforms.strideWidth + along;
        if (column >= 0 && column < uniforms.xShape.z) {
          sum = sum + x[(line + column) * uniforms.xShape.w + input]
            * dy[(row * uniforms.dyShape.z + place) * uniforms.dyShape.w + output];
        }
      }
    }
  }
  result[index] = sum;`;

/**
 * The gradient of a convolution by its filter. The engine's own has one thread for each weight go over all places of all
 * images, some hundred threads for a hundred thousand places. Here many threads have a few rows each, and others add up
 * what they have found, always in the same order: equal inputs give equal gradients.
 */
export const filterGradient: OwnKernel<WebgpuBackend> = (backend, inputs, attrs) => {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs as unknown as Attributes;
  const [x, dy] = [inputs['x']!, inputs['dy']!];
  if (dataFormat !== 'NHWC') return undefined;
  const info = backend_util.computeConv2DInfo(x.shape as Shape4D, filterShape, strides, 1, pad, dimRoundingMode);
  const weights = filterShape.reduce((product, length) => product * length, 1);
  const rows = info.batchSize * info.outHeight;
  // As many places for each thread as there are shares to add up; fewer shares where weights alone are threads enough.
  const mostGroups = Math.max(1, Math.floor(MOST_SHARES / weights));
  const rowsEach = Math.max(1, Math.round(Math.sqrt(rows / info.outWidth)), Math.ceil(rows / mostGroups));
  const parts = runElementwise(
    backend,
    'filter_gradient_parts',
    PARTIAL,
    { x, dy },
    [Math.ceil(rows / rowsEach), weights],
    {
      rows: int(rows),
      rowsEach: int(rowsEach),
      filterWidth: int(info.filterWidth),
      top: int(info.padInfo.top),
      left: int(info.padInfo.left),
      strideHeight: int(info.strideHeight),
      strideWidth: int(info.strideWidth),
    },
  );
  const groups = parts.shape[0]!;
  const total = sums(backend, parts, groups, groups, [weights]);
  backend.disposeData(parts.dataId);
  return { ...total, shape: filterShape };
};
