import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ReadingTask } from './reading-thread.js';
import { type ParsedSearch, parseSearchFile } from './search-file.js';

/** Files up to this length are read on the spot, in a millisecond or two; a longer one may take a hundred times that. */
const SHORT_FILE = 2_048;

const THREAD = new URL('./reading-thread.js', import.meta.url);
/** Where the program is run from its sources, as tests do, there is no compiled thread. */
const HAS_THREAD = existsSync(fileURLToPath(THREAD));

interface Answer {
  readonly id: number;
  readonly parsed: ParsedSearch;
}

let thread: Worker | undefined;
let count = 0;
const waiting = new Map<number, { resolve(parsed: ParsedSearch): void; reject(error: Error): void }>();

/**
 * Reads a search file as {@link parseSearchFile} does. Long ones are read in a thread of their own, one after another: they
 * come from anybody, and whoever waits for an assignment is not to wait for them.
 */
export async function readSearchFile(text: string, fileName: string): Promise<ParsedSearch> {
  if (text.length <= SHORT_FILE || !HAS_THREAD) return parseSearchFile(text, fileName);
  thread ??= startThread();
  const id = ++count;
  return new Promise<ParsedSearch>((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    thread?.postMessage({ id, text, fileName } satisfies ReadingTask);
  });
}

function startThread(): Worker {
  const started = new Worker(THREAD, { env: {}, execArgv: [] });
  // It holds up no end of the process.
  started.unref();
  started.on('message', ({ id, parsed }: Answer) => {
    waiting.get(id)?.resolve(parsed);
    waiting.delete(id);
  });
  started.once('error', (error) => {
    thread = undefined;
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  });
  return started;
}
