import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

type KernelFunc = tf.KernelConfig['kernelFunc'];
type KernelArgs = Parameters<KernelFunc>[0];

/**
 * Multiplies matrices of which one is to be read transposed by writing the transposed one out first. The engine's own
 * kernels walk such a matrix element by element, some thirteen times slower than its plain product, and the backward
 * pass of a dense layer is made of nothing else.
 */
export function registerTransposedMatMul(): void {
  for (const kernelName of ['BatchMatMul', '_FusedMatMul']) {
    const stock = stockKernel(kernelName);
    tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ ...stock, kernelFunc: withExplicitTranspose(stock.kernelFunc) });
  }
}

function withExplicitTranspose(multiply: KernelFunc): KernelFunc {
  return (args) => {
    const { transposeA, transposeB } = args.attrs as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) return multiply(args);
    const backend = args.backend as BackendWasm;
    const a = transposeA ? transposed(args.inputs['a']!, backend) : args.inputs['a']!;
    const b = transposeB ? transposed(args.inputs['b']!, backend) : args.inputs['b']!;
    const product = multiply({
      ...args,
      inputs: { ...args.inputs, a, b },
      attrs: { ...args.attrs, transposeA: false, transposeB: false },
    });
    if (transposeA) backend.disposeData(a.dataId);
    if (transposeB) backend.disposeData(b.dataId);
    return product;
  };
}

/** The matrices with their last two axes exchanged, as a new block of memory. */
function transposed(x: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  const args: KernelArgs = { inputs: { x }, backend, attrs: { perm } };
  return stockKernel('Transpose').kernelFunc(args) as tf.TensorInfo;
}

function stockKernel(name: string): tf.KernelConfig {
  const kernel = tf.getKernel(name, 'wasm');
  if (kernel === undefined) throw new Error(`the wasm engine has no kernel ${name}; TensorFlow.js 4.22.0 has`);
  return kernel;
}
