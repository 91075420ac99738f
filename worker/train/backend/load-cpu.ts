import '@tensorflow/tfjs-backend-cpu';
import { startEngine } from './start-engine.js';

/** Plain JavaScript: runs everywhere, some fifteen times slower than wasm. */
export async function loadCpu(): Promise<void> {
  await startEngine('cpu');
}
