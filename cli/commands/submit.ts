import { Command } from 'commander';
import { withClient } from '../client.js';
import { exitCodeOf, onInterrupt } from '../interrupt.js';
import { commandLine } from '../invocation.js';
import { follow } from '../live/follow.js';
import { coordinatorOption, coordinatorWords, wholeNumber } from '../options.js';
import { readSearchFile } from '../search-file.js';
import { submitFile } from '../submit-file.js';
import { printSummary } from '../summary.js';

interface Options {
  readonly coordinator: string;
  readonly name?: string;
  readonly seed?: number;
  readonly watch?: true;
}

export function submitCommand(): Command {
  return new Command('submit')
    .description("Checks a search file and starts a study with it. Prints the study's id.")
    .argument('<file>', 'the search file; - reads standard input')
    .addOption(coordinatorOption())
    .option('--name <name>', "the study's name, in place of the file's")
    .option('--seed <n>', "the study's seed, in place of the file's", wholeNumber(0, 0xffff_ffff))
    .option('-w, --watch', 'follow it until it has finished; Ctrl-C stops watching, not the study')
    .action(submit);
}

async function submit(path: string, { coordinator, name, seed, watch }: Options): Promise<void> {
  const file = await readSearchFile(path, { name, seed });
  await withClient(coordinator, async (client) => {
    const study = await submitFile(client, file);
    process.stdout.write(`${study.id}\n`);
    if (study.notice !== '' && watch !== true) process.stderr.write(`assay: ${study.notice}\n`);
    if (watch !== true) return;
    const interruption = onInterrupt();
    try {
      const attachHint = commandLine(['worker', ...coordinatorWords(coordinator)]);
      const board = await follow(client, { study: study.id, top: 20, signal: interruption.signal, attachHint });
      if (interruption.signal.aborted) {
        process.exitCode = exitCodeOf(interruption.signal);
        const again = commandLine(['leaderboard', study.id, '--watch', ...coordinatorWords(coordinator)]);
        process.stderr.write(`assay: stopped watching; ${study.id} goes on. Watch again: ${again}\n`);
      } else if (board?.study !== undefined) {
        printSummary(board.study);
      }
    } finally {
      interruption.close();
    }
  });
}
