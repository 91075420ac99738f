import { parentPort } from 'node:worker_threads';
import { parseSearchFile } from './search-file.js';

/** A search file to read, and which question it is. */
export interface ReadingTask {
  readonly id: number;
  readonly text: string;
  readonly fileName: string;
}

parentPort?.on('message', ({ id, text, fileName }: ReadingTask) => {
  parentPort?.postMessage({ id, parsed: parseSearchFile(text, fileName) });
});
