import { util } from '@tensorflow/tfjs-core';
import { addressOf, bytesOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

interface Attributes {
  readonly read: (to: Uint8Array) => void;
  readonly shape: readonly [number, number];
  readonly mean: number;
  readonly scale: number;
}

/** Bytes to numbers. They are read to where they are worked on: into the last quarter of the room for the numbers. */
export const normalize: WasmKernel = (backend, _inputs, attrs) => {
  const { read, shape, mean, scale } = attrs as unknown as Attributes;
  const count = util.sizeFromShape([...shape]);
  const out = backend.makeOutput([...shape], 'float32');
  const to = addressOf(backend, out);
  const from = to + 3 * count;
  read(bytesOf(backend, from, count));
  kernelsOf(backend).normalize(from, to, count, mean, scale);
  return out;
};
