import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { ObjectiveError } from '../../../../worker/objectives/objective.js';

/** A folder that is new for every test of the file. */
export interface TemporaryFolder {
  readonly path: string;
  /** The path of a file in it, with its folders, written. */
  put(name: string, content: Uint8Array | string): string;
}

export function temporaryFolder(): TemporaryFolder {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'data-'));
  });
  afterEach(() => rmSync(path, { recursive: true }));
  return {
    get path() {
      return path;
    },
    put(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
  };
}

/** What an action says is wrong, without the folder's path. */
export async function faultOf(action: () => Promise<unknown>, folder: TemporaryFolder): Promise<string> {
  const error: unknown = await action().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ObjectiveError);
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  return message.replaceAll(`${folder.path}/`, '');
}
