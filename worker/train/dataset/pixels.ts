import { closeSync, openSync, readSync } from 'node:fs';
import { ObjectiveError } from '../../objectives/errors.js';
import type { Pixels } from './dataset.js';
import { ReadAhead } from './read-ahead.js';

/** Pixels held by this process: for data that are made up, and for those that cannot be kept in a file. */
export function pixelsInMemory(bytes: Uint8Array, bytesPerSample: number): Pixels {
  return {
    expect() {},
    read(indices, to) {
      let at = 0;
      for (const index of indices) {
        to.set(bytes.subarray(index * bytesPerSample, (index + 1) * bytesPerSample), at);
        at += bytesPerSample;
      }
    },
    close() {},
  };
}

/**
 * Pixels in a file, from its beginning. What is read stays in the operating system's page cache, which all processes
 * share: a slot holds a few MiB of those that it needs next and no more.
 *
 * @throws {ObjectiveError} when the file cannot be opened or, later, ends too early
 */
export function pixelsInFile(path: string, bytesPerSample: number): Pixels {
  const file = openForReading(path);
  const ahead = new ReadAhead((to, position) => readFully(file, path, to, position), bytesPerSample);
  let open = true;
  return {
    expect: (order) => ahead.expect(order),
    read(indices, to) {
      if (ahead.take(indices, to)) return;
      for (let i = 0; i < indices.length; ) {
        const first = indices[i]!;
        let run = 1;
        while (i + run < indices.length && indices[i + run] === first + run) run++;
        const bytes = to.subarray(i * bytesPerSample, (i + run) * bytesPerSample);
        readFully(file, path, bytes, first * bytesPerSample);
        i += run;
      }
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new ObjectiveError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Fills `to` with what stands in the file from a position on. */
function readFully(file: number, path: string, to: Uint8Array, position: number): void {
  for (let at = 0; at < to.length; ) {
    const count = readSync(file, to, at, to.length - at, position + at);
    if (count === 0)
      throw new ObjectiveError(`${path} ends at byte ${position + at}, before its samples do; remove it`);
    at += count;
  }
}
