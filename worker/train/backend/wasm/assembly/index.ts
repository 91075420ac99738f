export { adamStep, columnSums, momentumStep, reluGradient, sgdStep } from './elementwise';
export { matmul } from './matmul';
