import '@tensorflow/tfjs-backend-wasm';
import { startEngine } from '../start-engine.js';
import { registerKernels } from './register-kernels.js';

/**
 * One thread: two trials in two processes train more images than one trial on two threads, and the engine's thread
 * pool spins, so that it collapses as soon as somebody else uses a core.
 */
export async function loadWasm(): Promise<string> {
  registerKernels();
  await startEngine('wasm');
  return 'WebAssembly with our own kernels';
}
