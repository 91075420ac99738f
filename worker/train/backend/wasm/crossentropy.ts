import { addressOf, bytesOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

interface Attributes {
  readonly smoothing: number;
  /** Takes up the two sums, which are read from the engine's memory as soon as they stand there. */
  readonly sums: Float32Array;
}

/** The gradient. */
export const crossentropy: WasmKernel = (backend, inputs, attrs) => {
  const logits = inputs['logits']!;
  const { smoothing, sums } = attrs as unknown as Attributes;
  const [rows, columns] = logits.shape as [number, number];
  const gradient = backend.makeOutput(logits.shape, 'float32');
  const room = backend.makeOutput([2], 'float32');
  const at = addressOf(backend, room);
  kernelsOf(backend).crossentropy(
    addressOf(backend, logits),
    addressOf(backend, inputs['classes']!),
    addressOf(backend, gradient),
    at,
    rows,
    columns,
    smoothing,
  );
  new Uint8Array(sums.buffer, sums.byteOffset, 8).set(bytesOf(backend, at, 8));
  backend.disposeData(room.dataId);
  return gradient;
};
