import { util } from '@tensorflow/tfjs-core';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

/** Sums over all axes but the last, as for the gradient of a bias: the engine's own turns the whole tensor first. */
export const columnSums: WasmKernel = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const { axis, keepDims } = attrs as unknown as { readonly axis: number | number[]; readonly keepDims: boolean };
  const last = x.shape.length - 1;
  const axes = util.parseAxisParam(axis, x.shape);
  if (x.dtype !== 'float32' || last < 1 || axes.length !== last || axes.includes(last)) return undefined;
  const columns = x.shape[last]!;
  const shape = keepDims ? [...axes.map(() => 1), columns] : [columns];
  const out = backend.makeOutput(shape, 'float32');
  const rows = util.sizeFromShape(x.shape) / columns;
  kernelsOf(backend).columnSums(addressOf(backend, x), addressOf(backend, out), rows, columns);
  return out;
};
