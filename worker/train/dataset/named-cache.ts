import { DatasetMissingError } from '../../objectives/errors.js';
import type { NamedSet } from './named-sets.js';

/** @throws {DatasetMissingError} always: there is nothing of the set in the folder of data sets, or no such folder */
export function missingSet({ name }: NamedSet, datasetsDir: string | undefined): never {
  const where = datasetsDir === undefined ? 'needs a folder of data sets' : `was not found in ${datasetsDir}`;
  throw new DatasetMissingError(`data set ${name} ${where}; start the worker with --datasets <folder>`);
}
