import '@tensorflow/tfjs-backend-cpu';
import { startEngine } from './start-engine.js';

/** Plain JavaScript: runs everywhere, many times slower than wasm. */
export async function loadCpu(): Promise<string> {
  await startEngine('cpu');
  return 'plain JavaScript';
}
