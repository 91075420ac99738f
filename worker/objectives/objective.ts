import type { DataPlaces } from '../data-places.js';
import { ObjectiveError } from './errors.js';
import type { Objective } from './trial.js';

export { DatasetMismatchError, DatasetMissingError, ObjectiveError, SilentError } from './errors.js';
export type { Objective, OwnPlace, SavedCheckpoint, SavedFiles, Saving, TrialContext } from './trial.js';

/**
 * Loads an objective with its engine, so that a spare child is ready before its attempt arrives. For `train` this
 * replaces the process's `Math.random` by a generator that every attempt seeds.
 *
 * @param kind    `train`, `module`, `command` or `null`
 * @param backend `auto`, or a training backend by name (`tfjs-node`, `wasm`, ...); only `train` uses one
 * @throws {ObjectiveError} when the kind is unknown or the backend cannot be used on this machine
 */
export async function loadObjective(kind: string, backend: string): Promise<Objective> {
  switch (kind) {
    case 'null':
      return (await import('./null.js')).runNull;
    case 'command':
      return (await import('./command.js')).runCommand;
    case 'module':
      return (await import('./module.js')).runModule;
    case 'train':
      return (await (await import('../train/train.js')).loadTrain(backend)).run;
    default:
      throw new ObjectiveError(
        `objective ${JSON.stringify(kind)} is unknown to this worker; it has train, module, command and null`,
      );
  }
}

/** What of data sets this worker can read: see `listDatasets`. */
export async function availableDatasets(places: DataPlaces): Promise<string[]> {
  return (await import('../train/dataset/catalog.js')).listDatasets(places);
}
