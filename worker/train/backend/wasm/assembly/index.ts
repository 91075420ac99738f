export { convolve, filterGradient, flipFilter, pad, resizeRows } from './convolution';
export { adamStep, columnSums, momentumStep, reluGradient, sgdStep } from './elementwise';
export { matmul } from './matmul';
export { maxPool, maxPoolGradient } from './pooling';
