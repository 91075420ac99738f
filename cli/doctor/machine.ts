import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { PACKAGE_VERSION } from '../../proto/package-version.js';
import { type Finding, finding } from './finding.js';

/** What package.json asks for. */
const LEAST_NODE = [20, 20] as const;
const GIB = 2 ** 30;
/** Room that a log with its artifacts, or a data set with its decoded form, takes soon. */
const SCANT_DISK_BYTES = 2 * GIB;
const NO_DISK_BYTES = 200 * 2 ** 20;
const SCANT_MEMORY_BYTES = GIB;

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const words = `Node ${version}, Assay ${PACKAGE_VERSION}`;
  if (enough) return finding('node', 'ok', words);
  return finding('node', 'fault', words, `install Node ${leastMajor}.${leastMinor} or newer`);
}

export function checkMemory(): Finding {
  const total = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const free = Math.min(freeBytes(), total);
  const cores = availableParallelism();
  const words = `${inGiB(free)} of ${inGiB(total)} free, ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  if (free >= SCANT_MEMORY_BYTES) return finding('memory', 'ok', words);
  return finding('memory', 'warning', words, 'give it fewer slots (--slots), or stop what else runs here');
}

/** Within a container, what its own limit leaves. */
function freeBytes(): number {
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? freemem();
}

/** @param folder where something is to be written; it may not be there yet */
export function checkDisk(check: string, folder: string, option: string): Finding {
  const path = resolve(folder);
  const there = nearest(path);
  const words = (more: string): string => `${path}: ${more}`;
  if (there !== path && existsSync(path))
    return finding(check, 'fault', words('is no folder'), `name another with ${option}`);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch {
    const whose = there === path ? 'cannot be written to' : `cannot be made: ${there} cannot be written to`;
    return finding(check, 'fault', words(whose), `name another folder with ${option}, or change its owner`);
  }
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const room = words(`${inGiB(free)} free`);
  if (free >= SCANT_DISK_BYTES) return finding(check, 'ok', room);
  const level = free < NO_DISK_BYTES ? 'fault' : 'warning';
  return finding(check, level, room, `make room, or name another folder with ${option}`);
}

export function checkScratch(): Finding {
  return checkDisk('scratch', tmpdir(), '--scratch of the worker, or TMPDIR');
}

/** The folder itself, or the nearest one above it that is there. */
function nearest(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  return dirname(path) === path ? path : nearest(dirname(path));
}

function inGiB(bytes: number): string {
  return `${(bytes / GIB).toFixed(bytes < 10 * GIB ? 1 : 0)} GiB`;
}
