import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { OwnKernel } from '../register-kernels.js';

export type WasmKernel = OwnKernel<BackendWasm>;
