import type { OwnKernel } from '../register-kernels.js';
import { columnSums } from './column-sums.js';
import { crossentropy } from './crossentropy.js';
import type { WebgpuBackend } from './engine.js';
import { filterGradient } from './filter-gradient.js';
import { reluGradient, sgdStep } from './training-steps.js';

export type WebgpuKernel = OwnKernel<WebgpuBackend>;

/** Our kernels by the name that TensorFlow.js calls them. Names that begin with Assay are known to us alone. */
export const OWN_KERNELS: Readonly<Record<string, WebgpuKernel>> = {
  Sum: columnSums,
  Conv2DBackpropFilter: filterGradient,
  AssayCrossentropy: crossentropy,
  AssayReluGradient: reluGradient,
  AssaySgdStep: sgdStep,
};
