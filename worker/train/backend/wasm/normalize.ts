import { util } from '@tensorflow/tfjs-core';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

/** Bytes, which the engine calls booleans, to numbers. */
export const normalize: WasmKernel = (backend, inputs, attrs) => {
  const x = inputs['x']!;
  const { mean, scale } = attrs as unknown as { readonly mean: number; readonly scale: number };
  const out = backend.makeOutput(x.shape, 'float32');
  const count = util.sizeFromShape(x.shape);
  kernelsOf(backend).normalize(addressOf(backend, x), addressOf(backend, out), count, mean, scale);
  return out;
};
