import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { Recomputation, type Recomputed } from '../../coordinator/core/recompute.js';
import { ConfigError } from '../../coordinator/errors.js';
import { LogFormatError, type LogReader } from '../../coordinator/event-log/port.js';
import { readSqliteLog } from '../../coordinator/event-log/sqlite.js';
import { readJetStreamLog } from '../../coordinator/nats/read-log.js';
import { errorCode } from '../error-code.js';
import { BAD_INPUT, FAILURE, UserError } from '../fail.js';
import { addLogOptions, type LogOptions, natsConfigOf } from '../log-options.js';
import { createLogger } from '../logger.js';
import { printJson } from '../print-json.js';

interface Options extends LogOptions {
  readonly state: string;
  readonly json?: true;
}

/** What became of one study's suggestions. */
interface Tally {
  suggestions: number;
  readonly differing: Recomputed[];
}

/** Differences printed for a study; after the first, others follow from it more often than not. */
const SHOWN = 5;

export function replayCommand(): Command {
  const command = new Command('replay')
    .description(
      "Makes every suggestion of a coordinator's log once more, from the events before it, and says whether it is the one\n" +
        'in the log. The log is only read, also while its coordinator runs. Exit code 1 where one differs.',
    )
    .argument('[study]', "the study's id; all studies of the log when left out")
    .option('-s, --state <dir>', 'folder of the event log', '.assay')
    .option('--json', 'print [{study, suggestions, differing: [{trial, origin, difference}]}] as JSON')
    .optionsGroup("A cluster's log:");
  return addLogOptions(command).action(run);
}

async function run(study: string | undefined, options: Options): Promise<void> {
  const { state, json, log, cluster } = options;
  const file = log === undefined ? path.join(state, 'log.db') : `the log of cluster ${cluster}`;
  const tallies = await replay(log === undefined ? open(file) : await openOfCluster(log, options), study);
  if (study !== undefined && !tallies.has(study)) {
    throw new UserError(`${file} has no study ${study}${tallies.size === 0 ? ': it has none at all' : ''}`);
  }
  const shown = [...tallies].filter(([id]) => study === undefined || id === study);
  if (json === true) printJson(shown.map(([id, tally]) => ({ study: id, ...jsonOf(tally) })));
  else process.stdout.write(shown.length === 0 ? `${file} has no study\n` : shown.map(linesOf).join(''));
  if (shown.some(([, { differing }]) => differing.length > 0)) process.exitCode = FAILURE;
}

async function replay(log: LogReader, study: string | undefined): Promise<ReadonlyMap<string, Tally>> {
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

function open(file: string): LogReader {
  if (!existsSync(file)) throw new UserError(`no log ${file}: name the coordinator's state folder with --state`);
  try {
    return readSqliteLog(file);
  } catch (error) {
    if (error instanceof LogFormatError) throw new UserError(error.message, FAILURE, { cause: error });
    if (errorCode(error) !== 'SQLITE_CANTOPEN') throw error;
    throw new UserError(`${file} cannot be read: ask whoever runs the coordinator`, FAILURE, { cause: error });
  }
}

async function openOfCluster(log: string, options: Options): Promise<LogReader> {
  try {
    return await readJetStreamLog(natsConfigOf(log, options), options.cluster, await createLogger('error'));
  } catch (error) {
    throw error instanceof ConfigError ? new UserError(error.message, BAD_INPUT, { cause: error }) : error;
  }
}

function linesOf([id, { suggestions, differing }]: readonly [string, Tally]): string {
  if (differing.length === 0) return `${id}: all ${suggestions} suggestions recomputed, each as in the log\n`;
  const lines = differing.slice(0, SHOWN).map(({ trial, difference }) => `  trial ${trial}: ${difference}`);
  const more = differing.length > SHOWN ? [`  ... and ${differing.length - SHOWN} more`] : [];
  return `${[`${id}: ${differing.length} of ${suggestions} suggestions differ`, ...lines, ...more].join('\n')}\n`;
}

function jsonOf({ suggestions, differing }: Tally) {
  const differences = differing.map(({ trial, origin, difference }) => ({ trial, origin, difference: difference! }));
  return { suggestions, differing: differences };
}
