import { columnsOf } from '../columns.js';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

/** Sums over all axes but the last: the engine's own turns the whole tensor first. */
export const columnSums: WasmKernel = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const found = columnsOf(x, attrs as unknown as Parameters<typeof columnsOf>[1]);
  if (found === undefined) return undefined;
  const { rows, columns, outputShape } = found;
  const out = backend.makeOutput(outputShape, 'float32');
  kernelsOf(backend).columnSums(addressOf(backend, x), addressOf(backend, out), rows, columns);
  return out;
};
