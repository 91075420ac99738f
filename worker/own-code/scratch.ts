import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { WorkerError } from '../errors.js';

/** A folder of a worker's own, in which each attempt gets one. */
export interface Scratch {
  readonly folder: string;
  /** A new empty folder. */
  create(name: string): Promise<string>;
  /** Removes one with all that is in it; what is gone already is no fault. */
  remove(folder: string): Promise<void>;
  /** Removes everything. */
  close(): void;
}

const OWNER = 'owner.json';

/**
 * Makes a worker's folder below `root`, and removes those whose workers were killed: no file is left that nobody owns.
 *
 * @throws {WorkerError} when others may write to `root`
 */
export function openScratch(root: string): Scratch {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  checkOwner(root);
  removeOrphans(root);
  const folder = join(root, `worker-${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, OWNER), JSON.stringify(self()));
  let count = 0;
  return {
    folder,
    async create(name) {
      const path = join(folder, `${++count}-${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`);
      await mkdir(path, { mode: 0o700 });
      return path;
    },
    remove: (path) => rm(path, { recursive: true, force: true, maxRetries: 3 }),
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Its usual place is in a folder that everybody may write to, where somebody else may have been first. */
function checkOwner(root: string): void {
  const found = lstatSync(root);
  const { uid, mode } = found;
  if (found.isDirectory() && uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0) return;
  throw new WorkerError(
    `scratch folder ${root} must be a folder of yours that nobody else may write to: name another with --scratch`,
  );
}

interface Owner {
  readonly host: string;
  /** Process ids mean something only in their own namespace. */
  readonly namespace: string;
  readonly pid: number;
  /** A process id may be given again. */
  readonly startTime: string;
}

function self(): Owner {
  const { pid } = process;
  return { host: hostname(), namespace: pidNamespace(), pid, startTime: startTimeOf(pid) ?? '' };
}

function removeOrphans(root: string): void {
  const { host, namespace } = self();
  for (const name of readdirSync(root)) {
    if (!name.startsWith('worker-')) continue;
    const owner = readOwner(join(root, name, OWNER));
    if (owner === undefined || owner.host !== host || owner.namespace !== namespace) continue;
    if (startTimeOf(owner.pid) !== owner.startTime) rmSync(join(root, name), { recursive: true, force: true });
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** When a process was started, in the system's own measure; undefined when there is none or the system does not say. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
