import { loadObjective, type Objective } from './objectives/objective.js';

/** An objective that is ready to run, and what it computes on. */
export interface Engine {
  readonly objective: string;
  /** The backend's name, empty for an objective that uses none. */
  readonly backend: string;
  /** Why it is that backend, one line for people; empty for none. */
  readonly backendReason: string;
  readonly run: Objective;
}

/**
 * Loads an objective and finds out which backend stands behind `auto`.
 *
 * @throws {ObjectiveError} when the objective is unknown or no backend runs here
 */
export async function loadEngine(objective: string, backend: string): Promise<Engine> {
  if (objective !== 'train') {
    return { objective, backend: '', backendReason: '', run: await loadObjective(objective, backend) };
  }
  const { run, chosen } = await (await import('./train/train.js')).loadTrain(backend);
  return { objective, backend: chosen.name, backendReason: chosen.reason, run };
}
