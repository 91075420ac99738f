import { loadObjective, type Objective, ObjectiveError } from './objectives/objective.js';
import { BACKEND_NAMES } from './train/backend/backend.js';

/** An objective that is ready to run, and what it computes on. */
export interface Engine {
  readonly objective: string;
  /** The backend's name, empty for an objective that uses none. */
  readonly backend: string;
  readonly run: Objective;
}

/**
 * Loads an objective and finds out which backend stands behind `auto`.
 *
 * @throws {ObjectiveError} when the objective is unknown or no backend runs here
 */
export async function loadEngine(objective: string, backend: string): Promise<Engine> {
  if (objective !== 'train') return { objective, backend: '', run: await loadObjective(objective, backend) };
  const candidates = backend === 'auto' ? BACKEND_NAMES.filter((name) => name !== 'auto') : [backend];
  const faults: string[] = [];
  for (const candidate of candidates) {
    try {
      return { objective, backend: candidate, run: await loadObjective(objective, candidate) };
    } catch (error) {
      if (!(error instanceof ObjectiveError)) throw error;
      faults.push(error.message);
    }
  }
  throw new ObjectiveError(faults.join('; '));
}
