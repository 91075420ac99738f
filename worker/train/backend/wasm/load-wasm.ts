import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerKernels } from '../register-kernels.js';
import { startEngine } from '../start-engine.js';
import { alignTensors } from './aligned-memory.js';
import { OWN_KERNELS } from './own-kernels.js';

/**
 * One thread: two trials in two processes train more images than one trial on two threads, and the engine's thread
 * pool spins, so that it collapses as soon as somebody else uses a core.
 */
export async function loadWasm(): Promise<string> {
  registerKernels('wasm', OWN_KERNELS);
  await startEngine('wasm');
  alignTensors(tf.backend() as BackendWasm);
  return 'WebAssembly with our own kernels';
}
