import { ObjectiveError } from '../objectives/errors.js';
import type { Objective } from '../objectives/trial.js';

export async function loadTrain(backend: string): Promise<Objective> {
  throw new ObjectiveError(`training backend ${backend} is not built yet`);
}
