import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import {
  ArtifactError,
  type ArtifactStore,
  checkArtifactId,
  damaged,
  isArtifactId,
  mismatch,
  missing,
} from './port.js';

/** Bytes read at a time. */
const READ_BYTES = 262_144;

/** Errors that say there is no room. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Keeps artifacts as files in a folder, named by their hash, in 256 folders by its first two digits. An artifact is
 * written under another name, brought to the disk, and only then renamed, and the rename is brought to the disk as well:
 * whatever dies meanwhile, a name stands for the whole content or is not there.
 *
 * @param folder created where it is missing; no other process may use it at the same time
 */
export function openDirectoryArtifacts(folder: string): ArtifactStore {
  return new Directory(path.resolve(folder));
}

class Directory implements ArtifactStore {
  readonly #folder: string;
  readonly #unfinished: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#unfinished = path.join(folder, 'unfinished');
    mkdirSync(this.#unfinished, { recursive: true });
    // Left by a process that died while it wrote.
    for (const name of readdirSync(this.#unfinished)) rmSync(path.join(this.#unfinished, name), { force: true });
  }

  async put(content: AsyncIterable<Uint8Array>, expected?: string): Promise<{ id: string; bytes: number }> {
    if (expected !== undefined) checkArtifactId(expected);
    const draft = path.join(this.#unfinished, randomUUID());
    try {
      const written = await write(draft, content);
      if (expected !== undefined && expected !== written.id) throw mismatch(expected, written.id);
      await this.#publish(draft, written.id);
      return written;
    } catch (error) {
      await rm(draft, { force: true });
      throw FULL.has(codeOf(error)) ? full(error) : error;
    }
  }

  async *get(id: string): AsyncIterable<Uint8Array> {
    const file = await this.#openFile(checkArtifactId(id));
    try {
      const hash = createHash('sha256');
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES);
        if (bytesRead === 0) break;
        const piece = buffer.subarray(0, bytesRead);
        hash.update(piece);
        yield piece;
      }
      if (hash.digest('hex') !== id) throw damaged(id);
    } finally {
      await file.close();
    }
  }

  async has(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.#pathOf(checkArtifactId(id)))).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async renew(id: string): Promise<boolean> {
    const now = new Date();
    try {
      await utimes(this.#pathOf(checkArtifactId(id)), now, now);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    await rm(this.#pathOf(checkArtifactId(id)), { force: true });
  }

  async *list(): AsyncIterable<{ id: string; bytes: number; storedAt: number }> {
    for (const shelf of await readdir(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(shelf)) continue;
      for (const id of await readdir(path.join(this.#folder, shelf))) {
        if (!isArtifactId(id)) continue;
        const found = await stat(this.#pathOf(id)).catch(() => undefined);
        if (found !== undefined) yield { id, bytes: found.size, storedAt: found.mtimeMs };
      }
    }
  }

  async close(): Promise<void> {}

  /** Gives the draft its name. One that is there already is replaced by the same content, new on the disk. */
  async #publish(draft: string, id: string): Promise<void> {
    const target = this.#pathOf(id);
    const shelf = path.dirname(target);
    const created = await mkdir(shelf, { recursive: true });
    const now = new Date();
    await utimes(draft, now, now);
    await rename(draft, target);
    await syncFolder(shelf);
    if (created !== undefined) await syncFolder(this.#folder);
  }

  async #openFile(id: string): Promise<FileHandle> {
    try {
      return await open(this.#pathOf(id), 'r');
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? missing(id) : error;
    }
  }

  #pathOf(id: string): string {
    return path.join(this.#folder, id.slice(0, 2), id);
  }
}

/** Writes content to a new file and waits until the disk has it. */
async function write(file: string, content: AsyncIterable<Uint8Array>): Promise<{ id: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(file, 'wx');
  try {
    for await (const piece of content) {
      hash.update(piece);
      bytes += piece.length;
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { id: hash.digest('hex'), bytes };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function full(cause: unknown): ArtifactError {
  return new ArtifactError('full', "there is no room left on the coordinator's disk for artifacts", { cause });
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | null)?.code ?? '';
}
