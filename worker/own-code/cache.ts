import { constants } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodeSource } from '../../proto/own-code.js';
import { ObjectiveError } from '../objectives/errors.js';
import { unpack } from './archive.js';
import { fetchRevision } from './git.js';
import type { CodeCache } from './prepare.js';

/** How many different pieces of code are kept. */
const MOST_KEPT = 16;

export interface CodeCacheOptions {
  /** Where it is kept. */
  readonly folder: string;
  /** Downloads an uploaded archive by its SHA-256; verified when it has come to its end. */
  readonly download: (sha256: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** Fetches and unpacks each piece of code once for all attempts; each gets a copy, which it may change. */
export function createCodeCache(options: CodeCacheOptions): CodeCache {
  return new FolderCache(options);
}

interface Kept {
  readonly folder: string;
  readonly ready: Promise<void>;
  /** How many attempts copy it now. */
  users: number;
}

class FolderCache implements CodeCache {
  readonly #options: CodeCacheOptions;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #count = 0;

  constructor(options: CodeCacheOptions) {
    this.#options = options;
  }

  async copy(source: CodeSource, digest: string, folder: string, signal: AbortSignal): Promise<void> {
    const key = source.git === undefined ? `upload ${digest}` : `git ${source.git.url} ${source.git.revision}`;
    const kept = this.#kept.get(key) ?? this.#fetch(source, digest);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    kept.users += 1;
    try {
      await orAborted(kept.ready, signal);
      const options = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE };
      await cp(kept.folder, folder, options);
    } catch (error) {
      // Others that wait for the same fail with it; the next one tries again.
      if (!signal.aborted && this.#kept.get(key) === kept) this.#kept.delete(key);
      throw error;
    } finally {
      kept.users -= 1;
    }
    await this.#forgetOldest();
  }

  /** It goes on when the attempt that asked first ends: others may wait for it. */
  #fetch(source: CodeSource, digest: string): Kept {
    const folder = join(this.#options.folder, String(++this.#count));
    const { signal } = new AbortController();
    const fetched = this.#into(source, digest, folder, signal);
    const ready = fetched.catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    });
    ready.catch(() => {});
    return { folder, ready, users: 0 };
  }

  #into(source: CodeSource, digest: string, folder: string, signal: AbortSignal): Promise<void> {
    if (source.git !== undefined) return fetchRevision(source.git, folder, signal);
    if (digest === '') return Promise.reject(new ObjectiveError('the study names no uploaded code: submit it again'));
    return unpack(this.#options.download(digest, signal), folder);
  }

  async #forgetOldest(): Promise<void> {
    for (const [key, { folder, users }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) return;
      if (users > 0) continue;
      this.#kept.delete(key);
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function orAborted(ready: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new ObjectiveError('the attempt has ended'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    ready.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
