import { trainConfigSchema } from '../../proto/objective.js';
import type { Objective } from '../objectives/trial.js';
import { type ChosenBackend, useBackend } from './backend/backend.js';
import { replaceMathRandom } from './math-random.js';

/**
 * Loads the training engine and returns the objective that trains on it, with the backend and why it is that one.
 *
 * @param backend see {@link useBackend}
 * @throws {ObjectiveError} when the backend cannot be used
 */
export async function loadTrain(backend: string): Promise<{ readonly run: Objective; readonly chosen: ChosenBackend }> {
  replaceMathRandom();
  const chosen = await useBackend(backend);
  const { runTrain } = await import('./run-train.js');
  // The schema is compiled at its first use: now, while no trial waits for it.
  trainConfigSchema.safeParse({ dataset: 'digits', architecture: {}, optimizer: { learning_rate: 1 } });
  return { run: runTrain, chosen };
}
