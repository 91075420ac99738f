import type { OwnKernel } from '../register-kernels.js';
import type { StepSettings } from '../training-steps.js';
import { float, runElementwise, type WebgpuBackend } from './engine.js';

export const reluGradient: OwnKernel<WebgpuBackend> = (backend, inputs) => {
  const [slope, reached] = [inputs['gradient']!, inputs['output']!];
  const body = 'result[index] = select(0.0, slope[index], reached[index] > 0.0);';
  return runElementwise(backend, 'relu_gradient', body, { slope, reached }, reached.shape, {});
};

export const sgdStep: OwnKernel<WebgpuBackend> = (backend, inputs, attrs) => {
  const { learningRate, decay } = attrs as unknown as StepSettings;
  const [weights, slope] = [inputs['value']!, inputs['gradient']!];
  const body = `result[index] = weights[index]
    - uniforms.rate * (slope[index] + uniforms.decay * weights[index]);`;
  const uniforms = { rate: float(learningRate), decay: float(decay) };
  return runElementwise(backend, 'sgd_step', body, { weights, slope }, weights.shape, uniforms);
};
