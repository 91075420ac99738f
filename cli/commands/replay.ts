import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { didYouMean } from '../../coordinator/core/nearest.js';
import { ConfigError } from '../../coordinator/errors.js';
import type { LogReader } from '../../coordinator/event-log/port.js';
import { readJetStreamLog } from '../../coordinator/nats/read-log.js';
import { BAD_INPUT, FAILURE, UserError } from '../fail.js';
import { addLogOptions, type LogOptions, natsConfigOf } from '../log-options.js';
import { createLogger } from '../logger.js';
import { printJson } from '../print-json.js';
import { openLogFile, recomputeLog, type Tally, tallyText } from '../recompute-log.js';

interface Options extends LogOptions {
  readonly state: string;
  readonly json?: true;
}

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
  const tallies = await recomputeLog(log === undefined ? open(file) : await openOfCluster(log, options), study);
  if (study !== undefined && !tallies.has(study)) {
    throw new UserError(
      `${file} has no study ${study}${didYouMean(study, tallies.keys())}${tallies.size === 0 ? ': it has none at all' : ''}`,
    );
  }
  const shown = [...tallies].filter(([id]) => study === undefined || id === study);
  if (json === true) printJson(shown.map(([id, tally]) => ({ study: id, ...jsonOf(tally) })));
  else
    process.stdout.write(
      shown.length === 0 ? `${file} has no study\n` : shown.map(([id, tally]) => tallyText(id, tally)).join(''),
    );
  if (shown.some(([, { differing }]) => differing.length > 0)) process.exitCode = FAILURE;
}

function open(file: string): LogReader {
  if (!existsSync(file)) throw new UserError(`no log ${file}: name the coordinator's state folder with --state`);
  return openLogFile(file);
}

async function openOfCluster(log: string, options: Options): Promise<LogReader> {
  try {
    return await readJetStreamLog(natsConfigOf(log, options), options.cluster, await createLogger('error'));
  } catch (error) {
    throw error instanceof ConfigError ? new UserError(error.message, BAD_INPUT, { cause: error }) : error;
  }
}

function jsonOf({ suggestions, differing }: Tally) {
  const differences = differing.map(({ trial, origin, difference }) => ({ trial, origin, difference: difference! }));
  return { suggestions, differing: differences };
}
