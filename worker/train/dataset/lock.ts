import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Does something that only one process of this machine may do at a time. The lock is an open transaction on a database of
 * its own: the operating system drops it with the process, however that ends.
 *
 * @param name      what is locked: a file's name
 * @param onWaiting called once when another process holds it
 * @throws whatever `action` throws, the signal's reason when it is aborted, or why the folder cannot be written to
 */
export async function withLock<T>(
  folder: string,
  name: string,
  signal: AbortSignal,
  onWaiting: () => void,
  action: () => Promise<T>,
): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(join(folder, `${name}.lock`), { timeout: 0 });
  try {
    for (let waits = 0; ; waits++) {
      signal.throwIfAborted();
      try {
        database.exec('BEGIN EXCLUSIVE');
        break;
      } catch (error) {
        if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_BUSY') throw error;
      }
      if (waits === 0) onWaiting();
      await setTimeout(POLL_MS, undefined, { signal });
    }
    return await action();
  } finally {
    database.close();
  }
}
