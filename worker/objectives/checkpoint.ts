import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from './public.js';

const JSON_FILE = 'state.json';
const BYTES_FILE = 'state.bin';

/** The checkpoint of a module's attempt in a folder. @param onSaved sends the folder away when it is whole */
export function openCheckpoint(directory: string, onSaved: () => Promise<void>): Checkpoint {
  return {
    directory,
    async save(state) {
      await mkdir(directory, { recursive: true });
      const isBytes = state instanceof Uint8Array;
      const text = isBytes ? undefined : JSON.stringify(state);
      if (!isBytes && text === undefined)
        throw new TypeError(`a checkpoint cannot hold ${typeof state}: save JSON or bytes`);
      const [file, other] = isBytes ? [BYTES_FILE, JSON_FILE] : [JSON_FILE, BYTES_FILE];
      const unfinished = join(directory, `.${file}.unfinished`);
      await writeFile(unfinished, isBytes ? state : text!);
      await rename(unfinished, join(directory, file));
      await rm(join(directory, other), { force: true });
      await onSaved();
    },
    async load<T>() {
      const json = await read(join(directory, JSON_FILE));
      if (json !== undefined) return JSON.parse(json.toString('utf8')) as T;
      return (await read(join(directory, BYTES_FILE))) as T | undefined;
    },
  };
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
