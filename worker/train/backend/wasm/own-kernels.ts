import { columnSums } from './column-sums.js';
import { conv2d, filterGradient, fusedConv2d, inputGradient } from './convolution.js';
import { crossentropy } from './crossentropy.js';
import { fusedMatmul, matmul } from './matmul.js';
import { normalize } from './normalize.js';
import { maxPool, maxPoolGradient } from './pooling.js';
import { adamStep, momentumStep, reluGradient, sgdStep } from './training-steps.js';
import type { WasmKernel } from './wasm-kernel.js';

/** Our kernels by the name that TensorFlow.js calls them. Names that begin with Assay are known to us alone. */
export const OWN_KERNELS: Readonly<Record<string, WasmKernel>> = {
  BatchMatMul: matmul,
  _FusedMatMul: fusedMatmul,
  Sum: columnSums,
  Conv2D: conv2d,
  FusedConv2D: fusedConv2d,
  Conv2DBackpropFilter: filterGradient,
  Conv2DBackpropInput: inputGradient,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
  AssayCrossentropy: crossentropy,
  AssayNormalize: normalize,
  AssayReluGradient: reluGradient,
  AssaySgdStep: sgdStep,
  AssayMomentumStep: momentumStep,
  AssayAdamStep: adamStep,
};
