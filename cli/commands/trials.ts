import { Command, Option } from 'commander';
import type { Study, Trial } from '../../proto/index.js';
import { studyJson, trialJson } from '../../proto/json.js';
import { trialStateName } from '../../proto/state-names.js';
import { trialsCsv } from '../../proto/trials-csv.js';
import { meanText, paramCells, paramColumns, stepText } from '../board-table.js';
import { withClient } from '../client.js';
import { formatDuration, formatMetric } from '../format.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { trialStyle } from '../states.js';
import { type Cell, type Column, tableLines } from '../table.js';
import { describeTerminal, printLines } from '../terminal.js';
import { plainText, span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
  readonly csv?: true;
}

export function trialsCommand(): Command {
  return new Command('trials')
    .description('Lists the trials of a study by number.')
    .argument('[study]', "the study's id; the latest study when left out")
    .addOption(coordinatorOption())
    .addOption(new Option('--json', 'print {study, trials} as JSON').conflicts('csv'))
    .option('--csv', 'print CSV, a line for each trial')
    .action((study: string | undefined, { coordinator, json, csv }: Options) =>
      withClient(coordinator, async (client) => {
        const answer = await client.listTrials(study ?? '');
        if (answer.study === undefined) return;
        if (json === true) {
          return printJson({ study: studyJson(answer.study), trials: answer.trials.map(trialJson) });
        }
        if (csv === true) {
          const rows = answer.trials.map((trial) => ({ trial }));
          process.stdout.write(trialsCsv(answer.study, rows));
          return;
        }
        printTable(answer.study, answer.trials);
      }),
    );
}

function printTable(study: Study, trials: readonly Trial[]): void {
  const terminal = describeTerminal();
  if (trials.length === 0) {
    printLines([[span(`${study.id} has no trial yet`)]], terminal);
    return;
  }
  const columns: Column[] = [
    { title: 'trial', align: 'right' },
    { title: 'state' },
    { title: plainText(study.metric), align: 'right' },
    { title: 'mean', align: 'right', giveWay: 1 },
    { title: 'step', align: 'right', giveWay: 1 },
    { title: 'took', align: 'right', giveWay: 2 },
    { title: 'tries', align: 'right', giveWay: 3 },
    ...paramColumns(study, 10),
    { title: 'remark', giveWay: 4 },
  ];
  const rows = trials.map((trial) => cells(study, trial));
  printLines(tableLines(columns, rows, terminal.columns), terminal);
}

function cells(study: Study, trial: Trial): Cell[] {
  const style = trialStyle(trial.state);
  return [
    String(trial.number),
    span(trialStateName(trial.state), style),
    trial.value === undefined ? '-' : formatMetric(trial.value),
    meanText(trial),
    stepText(trial),
    trial.endedAtMs === 0 ? '-' : formatDuration(trial.endedAtMs - (trial.attempts[0]?.startedAtMs ?? trial.endedAtMs)),
    String(trial.attempts.length),
    ...paramCells(study, trial.params),
    trial.rerunOf === undefined ? plainText(trial.reason) : `re-run of trial ${trial.rerunOf}`,
  ];
}
