import { Command } from 'commander';
import { seenJson, studyJson, trialJson } from '../../proto/json.js';
import { withClient } from '../client.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { parseStudyAndTrial } from '../study-and-trial.js';
import { describeTerminal, printLines } from '../terminal.js';
import { trialLines } from '../trial-lines.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
}

export function showCommand(): Command {
  return new Command('show')
    .description('Shows one trial: parameters, curve, attempts, and why it ended.')
    .usage('[options] [study] <trial>')
    .argument('<study-or-trial...>', "the study's id (the latest study when left out) and the trial's number")
    .addOption(coordinatorOption())
    .option('--json', 'print {study, trial, seen} as JSON')
    .action((words: readonly string[], { coordinator, json }: Options) => {
      const { study, trial } = parseStudyAndTrial(words);
      return withClient(coordinator, async (client) => {
        const answer = await client.getTrial(study, trial);
        if (answer.study === undefined || answer.trial === undefined) return;
        if (json === true)
          return printJson({
            study: studyJson(answer.study),
            trial: trialJson(answer.trial),
            seen: seenJson(answer.seen),
          });
        const terminal = describeTerminal();
        printLines(
          trialLines(answer.study, answer.trial, { nowMs: Date.now(), columns: terminal.columns, seen: answer.seen }),
          terminal,
        );
      });
    });
}
