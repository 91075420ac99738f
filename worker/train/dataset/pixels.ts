import { closeSync, openSync, readSync } from 'node:fs';
import { ObjectiveError } from '../../objectives/errors.js';
import type { Pixels } from './dataset.js';

/** Pixels held by this process: for data that are made up, and for those that cannot be kept in a file. */
export function pixelsInMemory(bytes: Uint8Array, bytesPerSample: number): Pixels {
  return {
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
 * share: a slot holds a batch and no more. A read costs about a microsecond more than a copy from memory.
 *
 * @throws {ObjectiveError} when the file cannot be opened or, later, ends too early
 */
export function pixelsInFile(path: string, bytesPerSample: number): Pixels {
  const file = openForReading(path);
  let open = true;
  return {
    read(indices, to) {
      for (let i = 0; i < indices.length; ) {
        const first = indices[i]!;
        let run = 1;
        while (i + run < indices.length && indices[i + run] === first + run) run++;
        readFully(file, path, to, i * bytesPerSample, (i + run) * bytesPerSample, first * bytesPerSample);
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

/** Fills `to` between two places with what stands in the file from a position on. */
function readFully(file: number, path: string, to: Uint8Array, begin: number, end: number, position: number): void {
  const ahead = position - begin;
  for (let at = begin; at < end; ) {
    const count = readSync(file, to, at, end - at, ahead + at);
    if (count === 0) throw new ObjectiveError(`${path} ends at byte ${ahead + at}, before its samples do; remove it`);
    at += count;
  }
}
