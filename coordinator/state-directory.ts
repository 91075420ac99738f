import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { ConfigError } from './errors.js';

/** A coordinator's folder, held by this process alone until it is released. */
export interface StateDirectory {
  /** The event log's file. */
  readonly logFile: string;
  /** The folder of the artifacts. */
  readonly artifacts: string;
  /** The folder of the snapshots. */
  readonly snapshots: string;
  release(): void;
}

/**
 * Creates the folder where it is missing, and locks it. The lock is an open transaction on a database of its own: the
 * operating system drops it with the process, however that ends, which no lock file with a process id in it does.
 *
 * @throws {ConfigError} when the folder cannot be used or another coordinator holds it
 */
export function holdStateDirectory(directory: string): StateDirectory {
  const fail = (why: string, cause: unknown): ConfigError =>
    new ConfigError(`state directory ${directory} ${why}`, { cause });
  try {
    createFolder(directory);
  } catch (cause) {
    throw fail(`cannot be created (${codeOf(cause)}): name another with --state`, cause);
  }
  let lock: Database.Database;
  try {
    lock = new Database(path.join(directory, 'lock.db'), { timeout: 0 });
  } catch (cause) {
    throw fail(`cannot be written to (${codeOf(cause)}): name another with --state`, cause);
  }
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const used = cause instanceof Database.SqliteError && cause.code === 'SQLITE_BUSY';
    throw fail(
      used ? 'is in use by another coordinator: stop that one or name another with --state' : String(cause),
      cause,
    );
  }
  return {
    logFile: path.join(directory, 'log.db'),
    artifacts: path.join(directory, 'artifacts'),
    snapshots: path.join(directory, 'snapshots'),
    release: () => lock.close(),
  };
}

/** With its parents. Node's own `recursive` never returns where the system denies that a folder can be made (`/proc`). */
export function createFolder(directory: string): void {
  const folder = path.resolve(directory);
  if (existsSync(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) createFolder(parent);
  mkdirSync(folder);
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}
