import { Command, Option } from 'commander';
import type { Leaderboard } from '../../proto/index.js';
import { leaderboardJson } from '../../proto/json.js';
import { trialsCsv } from '../../proto/trials-csv.js';
import { boardLines } from '../board-table.js';
import { type StudyClient, withClient } from '../client.js';
import { exitCodeOf, onInterrupt } from '../interrupt.js';
import { commandLine } from '../invocation.js';
import { follow } from '../live/follow.js';
import { headerLines } from '../live/header.js';
import { coordinatorOption, coordinatorWords, wholeNumber } from '../options.js';
import { printJson } from '../print-json.js';
import { rankedCount } from '../study-text.js';
import { printSummary } from '../summary.js';
import { describeTerminal, printLines } from '../terminal.js';
import { span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly top: number;
  readonly watch?: true;
  readonly json?: true;
  readonly csv?: true;
}

/** Ranks shown on a terminal when nothing else is asked for; --json and --csv give all. */
const USUAL_TOP = 20;

export function leaderboardCommand(): Command {
  return new Command('leaderboard')
    .description('Ranks the trials of a study. Complete trials come before pruned ones; equal values share a rank.')
    .argument('[study]', "the study's id; the latest study when left out")
    .addOption(coordinatorOption())
    .option(
      '-n, --top <n>',
      `rows to show, 0 for all (default: ${USUAL_TOP}; all with --json or --csv)`,
      wholeNumber(0, 1_000_000),
    )
    .option('-w, --watch', 'follow it until the study has finished')
    .addOption(
      new Option('--json', 'print {study, rows, running} as JSON; with --watch a line for every change').conflicts(
        'csv',
      ),
    )
    .addOption(new Option('--csv', 'print CSV, a line for each ranked trial').conflicts('watch'))
    .action((study: string | undefined, options: Partial<Options> & Pick<Options, 'coordinator'>) => {
      const machine = options.json === true || options.csv === true;
      const top = options.top ?? (machine ? 0 : USUAL_TOP);
      return withClient(options.coordinator, (client) => show(client, study ?? '', { ...options, top }));
    });
}

async function show(client: StudyClient, study: string, options: Options): Promise<void> {
  if (options.watch === true) return watch(client, study, options);
  const board = await client.getLeaderboard(study, options.top);
  if (options.json === true) return printJson(leaderboardJson(board));
  if (board.study === undefined) return;
  if (options.csv === true) {
    process.stdout.write(
      trialsCsv(
        board.study,
        board.rows.flatMap(({ rank, trial }) => (trial ? [{ rank, trial }] : [])),
      ),
    );
    return;
  }
  printBoard(board, options.top);
}

function printBoard(board: Leaderboard, top: number): void {
  const terminal = describeTerminal();
  const { study, rows } = board;
  if (study === undefined) return;
  const more = rankedCount(study) - rows.length;
  printLines(
    [
      ...headerLines({ board, nowMs: board.nowMs }, terminal.columns ?? 100),
      [],
      ...(rows.length === 0 ? [[span('no trial has a value yet', 'dim')]] : boardLines(study, rows, terminal.columns)),
      ...(more > 0 && top > 0 ? [[span(`... and ${more} more: --top 0 shows all`, 'dim')]] : []),
    ],
    terminal,
  );
}

async function watch(client: StudyClient, study: string, options: Options): Promise<void> {
  const interruption = onInterrupt();
  const { signal } = interruption;
  try {
    if (options.json === true) await watchJson(client, study, options.top, signal);
    else await watchView(client, study, options.top, signal);
    if (signal.aborted) process.exitCode = exitCodeOf(signal);
  } finally {
    interruption.close();
  }
}

async function watchView(client: StudyClient, study: string, top: number, signal: AbortSignal): Promise<void> {
  const attachHint = commandLine(['worker', ...coordinatorWords(client.address)]);
  const board = await follow(client, { study, top, signal, attachHint });
  // On a terminal the board is left standing and says it all.
  if (board?.study !== undefined && !signal.aborted && !describeTerminal().live) printSummary(board.study);
}

async function watchJson(client: StudyClient, study: string, top: number, signal: AbortSignal): Promise<void> {
  for await (const event of client.watchLeaderboard(study, top, signal)) {
    if (event.kind === 'away') process.stderr.write(`assay: ${event.reason}; trying again\n`);
    else printJson(leaderboardJson(event.board), true);
  }
}
