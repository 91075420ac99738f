import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string;
}

/**
 * The product of two matrices, either one transposed. The engine's own product repacks the weights at every step,
 * because training changes them, and reads a transposed matrix number by number.
 */
export const matmul: WasmKernel = (backend, inputs, attrs) => multiply(backend, inputs, attrs as unknown as Attributes);

/** The same with a bias and relu within. Other activations are the engine's. */
export const fusedMatmul: WasmKernel = (backend, inputs, attrs) => {
  const { activation } = attrs as unknown as Attributes;
  if (activation !== 'linear' && activation !== 'relu') return undefined;
  return multiply(backend, inputs, attrs as unknown as Attributes);
};

/** Undefined for what is not float32, stacks of matrices, and a bias that is not one row. */
function multiply(
  backend: BackendWasm,
  inputs: Readonly<Record<string, TensorInfo>>,
  { transposeA, transposeB, activation }: Attributes,
): TensorInfo | undefined {
  const a = inputs['a']!;
  const b = inputs['b']!;
  const bias = inputs['bias'];
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const isOneMatrix =
    util.sizeFromShape(a.shape) === aRows * aColumns && util.sizeFromShape(b.shape) === bRows * bColumns;
  if (!isOneMatrix || a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const m = transposeA ? aColumns : aRows;
  const k = transposeA ? aRows : aColumns;
  const n = transposeB ? bRows : bColumns;
  if (bias !== undefined && util.sizeFromShape(bias.shape) !== n) return undefined;
  const leading = Array.from({ length: Math.max(a.shape.length, b.shape.length) - 2 }, () => 1);
  const out = backend.makeOutput([...leading, m, n], 'float32');
  const scratch = backend.makeOutput([8 * k + 40 + (transposeA ? m * k : 0)], 'float32');
  kernelsOf(backend).matmul(
    addressOf(backend, a),
    Number(transposeA),
    addressOf(backend, b),
    Number(transposeB),
    bias === undefined ? 0 : addressOf(backend, bias),
    Number(activation === 'relu'),
    addressOf(backend, out),
    m,
    k,
    n,
    addressOf(backend, scratch),
  );
  backend.disposeData(scratch.dataId);
  return out;
}
