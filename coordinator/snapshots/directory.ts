import { createReadStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { access, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { SNAPSHOT_NAME, type SnapshotStore } from './port.js';

const UNFINISHED = '.unfinished';

/**
 * Keeps snapshots as files in a folder. A text is written under another name, brought to the disk, and renamed.
 *
 * @param folder created where it is missing; no other process may use it at the same time
 */
export function openDirectorySnapshots(folder: string): SnapshotStore {
  mkdirSync(folder, { recursive: true });
  // Left by a process that died while it wrote.
  for (const name of readdirSync(folder)) if (name.endsWith(UNFINISHED)) rmSync(path.join(folder, name));
  const pathOf = (name: string): string => path.join(folder, name);
  return {
    async put(name, text) {
      const draft = pathOf(`${name}${UNFINISHED}`);
      try {
        const file = await open(draft, 'w', 0o600);
        try {
          for await (const piece of text) await file.write(piece);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, pathOf(name));
        await syncFolder(folder);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    async get(name) {
      try {
        await access(pathOf(name));
      } catch {
        return undefined;
      }
      return createReadStream(pathOf(name)) as AsyncIterable<Uint8Array>;
    },
    async list() {
      return (await readdir(folder)).filter((name) => SNAPSHOT_NAME.test(name) && !name.endsWith(UNFINISHED));
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    async close() {},
  };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
