import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type * as tf from '@tensorflow/tfjs-core';

/** A kernel's work: inputs to output, on the wasm engine. */
export type WasmKernel = (
  backend: BackendWasm,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: Readonly<Record<string, unknown>>,
) => tf.TensorInfo | tf.TensorInfo[] | undefined;
