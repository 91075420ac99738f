import { Recomputation, type Recomputed } from '../coordinator/core/recompute.js';
import { LogFormatError, type LogReader } from '../coordinator/event-log/port.js';
import { readSqliteLog } from '../coordinator/event-log/sqlite.js';
import { errorCode } from './error-code.js';
import { FAILURE, UserError } from './fail.js';

/** What became of one study's suggestions. */
export interface Tally {
  suggestions: number;
  readonly differing: Recomputed[];
}

/** Differences printed for a study; after the first, others follow from it more often than not. */
const SHOWN = 5;

/**
 * Makes every suggestion of a log once more and compares. Closes the log.
 *
 * @param study the only one of interest; undefined for all
 * @returns by study, in the order of the log
 * @throws {UserError} when the log is damaged or of a newer version
 */
export async function recomputeLog(log: LogReader, study?: string): Promise<ReadonlyMap<string, Tally>> {
  const tallies = new Map<string, Tally>();
  const recomputation = new Recomputation();
  try {
    for await (const { events } of log.read(0)) {
      for (const event of events) {
        if (event.type === 'StudyCreated') tallies.set(event.study, { suggestions: 0, differing: [] });
        // Studies do not know of each other, but the positions in the log are those of all of them together.
        const found = recomputation.take(event, study === undefined || event.study === study);
        if (found === undefined) continue;
        const tally = tallies.get(found.study)!;
        tally.suggestions += 1;
        if (found.difference !== undefined) tally.differing.push(found);
      }
    }
  } catch (error) {
    throw error instanceof LogFormatError ? new UserError(error.message, FAILURE, { cause: error }) : error;
  } finally {
    await log.close();
  }
  return tallies;
}

/** @throws {UserError} when there is a file that is no log, or that may not be read */
export function openLogFile(file: string): LogReader {
  try {
    return readSqliteLog(file);
  } catch (error) {
    if (error instanceof LogFormatError) throw new UserError(error.message, FAILURE, { cause: error });
    if (errorCode(error) !== 'SQLITE_CANTOPEN') throw error;
    throw new UserError(`${file} cannot be read: ask whoever runs the coordinator`, FAILURE, { cause: error });
  }
}

/** What became of a study's suggestions, for people; each line with its end. */
export function tallyText(study: string, { suggestions, differing }: Tally): string {
  if (differing.length === 0) return `${study}: all ${suggestions} suggestions recomputed, each as in the log\n`;
  const lines = differing.slice(0, SHOWN).map(({ trial, difference }) => `  trial ${trial}: ${difference}`);
  const more = differing.length > SHOWN ? [`  ... and ${differing.length - SHOWN} more`] : [];
  return `${[`${study}: ${differing.length} of ${suggestions} suggestions differ`, ...lines, ...more].join('\n')}\n`;
}
