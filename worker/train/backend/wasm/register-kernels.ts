import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { OWN_KERNELS } from './own-kernels.js';

let registered = false;

/**
 * Puts our kernels before the engine's own, and adds those it has not. One that returns undefined leaves the case to
 * the engine's.
 */
export function registerKernels(): void {
  if (registered) return;
  registered = true;
  for (const [kernelName, kernel] of Object.entries(OWN_KERNELS)) {
    const stock = tf.getKernel(kernelName, 'wasm') as tf.KernelConfig | undefined;
    if (stock !== undefined) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      ...stock,
      kernelName,
      backendName: 'wasm',
      kernelFunc: (args) => {
        const output = kernel(
          args.backend as BackendWasm,
          args.inputs as Record<string, tf.TensorInfo>,
          args.attrs ?? {},
        );
        if (output !== undefined) return output;
        if (stock === undefined) throw new Error(`the wasm engine has no kernel ${kernelName} of its own`);
        return stock.kernelFunc(args);
      },
    });
  }
}
