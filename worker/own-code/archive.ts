import { mkdir } from 'node:fs/promises';
import { isAbsolute, join, normalize, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type ReadEntry } from 'tar';
import { ObjectiveError } from '../objectives/errors.js';

/** Most that an archive may hold: it may say little and unpack to much. */
const MOST_BYTES = 2 ** 31;
const MOST_ENTRIES = 100_000;

/**
 * Unpacks a gzipped tar archive. Nothing is written outside of the folder: a path that leads out of it, a link that points
 * out of it and a device are refused, and with them the whole archive.
 *
 * @param folder an empty one, absolute
 * @throws {ObjectiveError} when it is no archive, or one that is not to be unpacked
 */
export async function unpack(content: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const limits = { bytes: 0, entries: 0 };
  let refused: ObjectiveError | undefined;
  const isWanted = (path: string, entry: ReadEntry): boolean => {
    refused ??= fault(path, entry, limits);
    return refused === undefined;
  };
  try {
    await pipeline(
      Readable.from(content),
      extract({
        cwd: folder,
        strict: true,
        preserveOwner: false,
        filter: (path, entry) => isWanted(path, entry as ReadEntry),
      }),
    );
  } catch (error) {
    throw (
      refused ??
      new ObjectiveError(`the archive cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`)
    );
  }
  if (refused !== undefined) throw refused;
}

function fault(path: string, entry: ReadEntry, limits: { bytes: number; entries: number }): ObjectiveError | undefined {
  limits.entries += 1;
  limits.bytes += entry.size;
  if (limits.entries > MOST_ENTRIES) return new ObjectiveError(`the archive holds more than ${MOST_ENTRIES} files`);
  if (limits.bytes > MOST_BYTES) return new ObjectiveError('the archive holds more than 2GiB');
  if (leavesFolder(path))
    return new ObjectiveError(`the archive holds a path that leads out of it: ${JSON.stringify(path)}`);
  switch (entry.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
    case 'Directory':
      return undefined;
    case 'SymbolicLink': {
      const target = entry.linkpath ?? '';
      const leaves = isAbsolute(target) || climbsLater(target) || leavesFolder(posix.join(posix.dirname(path), target));
      if (!leaves) return undefined;
      return new ObjectiveError(`the archive holds a link that leads out of it: ${JSON.stringify(path)}`);
    }
    default:
      return new ObjectiveError(
        `the archive holds ${JSON.stringify(path)}, a ${entry.type}: only files, folders and links are unpacked`,
      );
  }
}

/** Behind the name of another link ".." is somebody else's parent: it may stand at the beginning alone. */
function climbsLater(target: string): boolean {
  const parts = target.split('/');
  const first = parts.findIndex((part) => part !== '' && part !== '.' && part !== '..');
  return first !== -1 && parts.includes('..', first);
}

function leavesFolder(path: string): boolean {
  const way = normalize(join('.', path));
  return isAbsolute(path) || path.includes('\0') || way === '..' || way.startsWith('../');
}
