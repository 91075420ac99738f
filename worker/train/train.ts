import type { Objective } from '../objectives/trial.js';
import { useBackend } from './backend/backend.js';
import { replaceMathRandom } from './math-random.js';

/**
 * Loads the training engine and returns the objective that trains on it.
 *
 * @param backend see {@link useBackend}
 * @throws {ObjectiveError} when the backend cannot be used
 */
export async function loadTrain(backend: string): Promise<Objective> {
  replaceMathRandom();
  await useBackend(backend);
  const { runTrain } = await import('./run-train.js');
  return runTrain;
}
