import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { LogFormatError } from '../../coordinator/event-log/port.js';
import { backUpSqliteLog } from '../../coordinator/event-log/sqlite.js';
import { errorCode } from '../error-code.js';
import { FAILURE, UserError } from '../fail.js';

interface Options {
  readonly state: string;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description(
      "Copies a coordinator's event log, as it is at one moment, into one file, also while the coordinator runs. To go on\n" +
        'from the copy, put it as log.db into a folder and name that with --state. Artifacts (weights, checkpoints) are files\n' +
        'beside the log that never change: copy their folder after it.',
    )
    .argument('<file>', 'where the copy goes; nothing may be there')
    .option('-s, --state <dir>', 'folder of the event log', '.assay')
    .action(run);
}

async function run(file: string, { state }: Options): Promise<void> {
  const log = path.join(state, 'log.db');
  if (!existsSync(log)) throw new UserError(`no log ${log}: name the coordinator's state folder with --state`);
  if (existsSync(file))
    throw new UserError(`${file} is there already, and a backup replaces nothing: name another file`);
  const folder = path.dirname(file);
  if (!existsSync(folder)) throw new UserError(`there is no folder ${folder} to write ${file} into`);
  // Whoever finds the file finds a whole copy.
  const part = `${file}.part`;
  rmSync(part, { force: true });
  try {
    const batches = await backUpSqliteLog(log, part);
    renameSync(part, file);
    const mib = (statSync(file).size / 2 ** 20).toFixed(1);
    process.stdout.write(`${file}: ${batches} commits of ${log}, ${mib} MiB\n`);
  } catch (error) {
    rmSync(part, { force: true });
    if (error instanceof LogFormatError) throw new UserError(error.message, FAILURE, { cause: error });
    const code = errorCode(error) ?? (error as Error).message;
    throw new UserError(`${file} could not be written (${code}): is its folder there, and is there room?`, FAILURE, {
      cause: error,
    });
  }
}
