export { filterGradient, flipFilter, pad, resizeRows } from './convolution';
export { adamStep, columnSums, momentumStep, reluGradient, sgdStep } from './elementwise';
export { matmul } from './matmul';
export { maxPoolGradient } from './pooling';
