import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

/** The sums, then the gradient. */
export const crossentropy: WasmKernel = (backend, inputs, attrs) => {
  const logits = inputs['logits']!;
  const { smoothing } = attrs as unknown as { readonly smoothing: number };
  const [rows, columns] = logits.shape as [number, number];
  const sums = backend.makeOutput([2], 'float32');
  const gradient = backend.makeOutput(logits.shape, 'float32');
  kernelsOf(backend).crossentropy(
    addressOf(backend, logits),
    addressOf(backend, inputs['classes']!),
    addressOf(backend, gradient),
    addressOf(backend, sums),
    rows,
    columns,
    smoothing,
  );
  return [sums, gradient];
};
