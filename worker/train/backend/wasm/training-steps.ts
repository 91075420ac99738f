import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { AdamSettings, MomentumSettings, StepSettings } from '../training-steps.js';
import { addressOf, kernelsOf } from './kernels.js';
import type { WasmKernel } from './wasm-kernel.js';

export const reluGradient: WasmKernel = (backend, inputs) => {
  const output = inputs['output']!;
  const out = backend.makeOutput(output.shape, 'float32');
  const [gradient, size] = [inputs['gradient']!, util.sizeFromShape(output.shape)];
  kernelsOf(backend).reluGradient(
    addressOf(backend, gradient),
    addressOf(backend, output),
    addressOf(backend, out),
    size,
  );
  return out;
};

export const sgdStep: WasmKernel = (backend, inputs, attrs) => {
  const { learningRate, decay } = attrs as unknown as StepSettings;
  const { w, g, n, out } = operands(backend, inputs);
  kernelsOf(backend).sgdStep(w, g, addressOf(backend, out), n, learningRate, decay);
  return out;
};

export const momentumStep: WasmKernel = (backend, inputs, attrs) => {
  const { learningRate, decay, momentum, nesterov } = attrs as unknown as MomentumSettings;
  const { w, g, n, out } = operands(backend, inputs);
  const v = addressOf(backend, inputs['velocity']!);
  const to = addressOf(backend, out);
  kernelsOf(backend).momentumStep(w, g, v, to, n, learningRate, momentum, Number(nesterov), decay);
  return out;
};

export const adamStep: WasmKernel = (backend, inputs, attrs) => {
  const { learningRate, decay, correction, beta1, beta2, epsilon } = attrs as unknown as AdamSettings;
  const { w, g, n, out } = operands(backend, inputs);
  const m = addressOf(backend, inputs['mean']!);
  const s = addressOf(backend, inputs['square']!);
  const to = addressOf(backend, out);
  kernelsOf(backend).adamStep(w, g, m, s, to, n, learningRate, correction, beta1, beta2, epsilon, decay);
  return out;
};

/**
 * The parameter, its gradient and room for the new value. A parameter is not changed where it lies: the engine's
 * convolutions keep a copy of their weights in an order of their own, for as long as the tensor lives.
 */
function operands(
  backend: BackendWasm,
  inputs: Readonly<Record<string, TensorInfo>>,
): { readonly w: number; readonly g: number; readonly n: number; readonly out: TensorInfo } {
  const value = inputs['value']!;
  return {
    w: addressOf(backend, value),
    g: addressOf(backend, inputs['gradient']!),
    n: util.sizeFromShape(value.shape),
    out: backend.makeOutput(value.shape, 'float32'),
  };
}
