import * as tf from '@tensorflow/tfjs-core';

/** A kernel's work on one engine: inputs to output. One that returns undefined leaves the case to the engine's own. */
export type OwnKernel<Backend> = (
  backend: Backend,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: Readonly<Record<string, unknown>>,
) => tf.TensorInfo | tf.TensorInfo[] | undefined;

const registered = new Set<string>();

/**
 * Puts our kernels before an engine's own, and adds those it has not.
 *
 * @param kernels by the names that TensorFlow.js calls them; those that begin with Assay are known to us alone
 */
export function registerKernels<Backend>(engine: string, kernels: Readonly<Record<string, OwnKernel<Backend>>>): void {
  if (registered.has(engine)) return;
  registered.add(engine);
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const stock = tf.getKernel(kernelName, engine) as tf.KernelConfig | undefined;
    if (stock !== undefined) tf.unregisterKernel(kernelName, engine);
    tf.registerKernel({
      ...stock,
      kernelName,
      backendName: engine,
      kernelFunc: (args) => {
        const inputs = args.inputs as Record<string, tf.TensorInfo>;
        const output = kernel(args.backend as Backend, inputs, args.attrs ?? {});
        if (output !== undefined) return output;
        if (stock === undefined) throw new Error(`the ${engine} engine has no kernel ${kernelName} of its own`);
        return stock.kernelFunc(args);
      },
    });
  }
}
