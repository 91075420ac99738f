export { convolve, filterGradient, flipFilter, pad, resizeRows } from './convolution';
export { crossentropy } from './crossentropy';
export { adamStep, columnSums, momentumStep, reluGradient, sgdStep } from './elementwise';
export { matmul } from './matmul';
export { normalize } from './normalize';
export { maxPool, maxPoolGradient } from './pooling';
