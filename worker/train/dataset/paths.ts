import { realpathSync } from 'node:fs';
import { isAbsolute, join, normalize, relative, sep } from 'node:path';
import { DatasetMissingError, ObjectiveError } from '../../objectives/errors.js';

/** Folders that data may be read from: the worker's folder of data sets, and where a link in it leads. */
export interface Inside {
  /** Absolute. */
  readonly path: string;
  /** With links followed: nothing that is read may lie outside. */
  readonly root: string;
}

/**
 * Finds what a search file names in the worker's folder of data sets. A link that lies in this very folder is its
 * operator's doing and may lead anywhere; further down, links must not lead out of it.
 *
 * @throws {DatasetMissingError} when it is not there
 * @throws {ObjectiveError} when it would lead out of the folder
 */
export function locate(datasetsDir: string | undefined, path: string): Inside {
  if (datasetsDir === undefined) {
    throw new DatasetMissingError(
      `data at ${path} need a folder of data sets; start the worker with --datasets <folder>`,
    );
  }
  const plain = normalize(path);
  if (isAbsolute(plain) || plain === '..' || plain.startsWith(`..${sep}`) || plain.includes('\0')) {
    throw new ObjectiveError(
      `${JSON.stringify(path)} leads out of the worker's folder of data sets; name what lies in it`,
    );
  }
  const found = join(datasetsDir, plain);
  const [first] = plain.split(sep) as [string];
  const real = follow(found, datasetsDir, path);
  const home = follow(datasetsDir, datasetsDir, path);
  const link = follow(join(datasetsDir, first), datasetsDir, path);
  const root = isInside(real, home) ? home : link;
  checkInside(found, real, root);
  return { path: found, root };
}

/** @throws {ObjectiveError} when a link leads out of the folder that it lies in */
export function checkInside(path: string, real: string, root: string): void {
  if (isInside(real, root)) return;
  throw new ObjectiveError(`${path} leads to ${real}, out of the folder ${root}; put the data there themselves`);
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`));
}

function follow(path: string, datasetsDir: string, said: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new DatasetMissingError(
      `${said} was not found in the worker's folder of data sets, ${datasetsDir} (${(cause as NodeJS.ErrnoException).code})`,
      { cause },
    );
  }
}
