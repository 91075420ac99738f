import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Study, Trial } from '../../proto/index.js';
import { isFinal, trialStateName } from '../../proto/state-names.js';
import { type StudyClient, withClient } from '../client.js';
import { FAILURE, UserError } from '../fail.js';
import { formatMetric } from '../format.js';
import { exitCodeOf, onInterrupt } from '../interrupt.js';
import { commandLine } from '../invocation.js';
import { coordinatorOption, coordinatorWords } from '../options.js';
import { compareReports } from '../reproduction.js';
import { parseStudyAndTrial } from '../study-and-trial.js';
import { plainText } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly watch?: true;
}

const POLL_MS = 500;

export function rerunCommand(): Command {
  return new Command('rerun')
    .description(
      "Trains a trial's configuration again with the same seed, as a new trial beside budget, ranking and history.",
    )
    .usage('[options] [study] <trial>')
    .argument('<study-or-trial...>', "the study's id (the latest study when left out) and the trial's number")
    .addOption(coordinatorOption())
    .option('-w, --watch', 'wait for its end and say whether it reproduced the trial; exit code 1 when it did not')
    .action((words: readonly string[], { coordinator, watch }: Options) => {
      const { study, trial } = parseStudyAndTrial(words);
      return withClient(coordinator, async (client) => {
        const answer = await client.rerunTrial(study, trial);
        const number = answer.trial?.number ?? 0;
        process.stdout.write(`${answer.study} ${number}\n`);
        if (watch === true) return watchRerun(client, answer.study, trial, number);
        const show = commandLine(['show', answer.study, String(number), ...coordinatorWords(coordinator)]);
        process.stderr.write(`assay: trial ${trial} runs again as trial ${number}; see ${show}\n`);
      });
    });
}

async function watchRerun(client: StudyClient, study: string, original: number, rerun: number): Promise<void> {
  const interruption = onInterrupt();
  const { signal } = interruption;
  try {
    let printed = 0;
    while (!signal.aborted) {
      const answer = await client.getTrial(study, rerun);
      if (answer.trial === undefined || answer.study === undefined) return;
      printed = printReports(answer.study, answer.trial, printed);
      if (isFinal(answer.trial.state)) return conclude(answer.trial, (await client.getTrial(study, original)).trial);
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    process.exitCode = exitCodeOf(interruption.signal);
    process.stderr.write('assay: stopped watching; the re-run goes on\n');
  } finally {
    interruption.close();
  }
}

function printReports(study: Study, trial: Trial, from: number): number {
  for (const { step, metrics } of trial.reports.slice(from)) {
    const value = metrics[study.metric];
    process.stdout.write(
      `step ${step}  ${plainText(study.metric)} ${value === undefined ? '-' : formatMetric(value)}\n`,
    );
  }
  return trial.reports.length;
}

function conclude(rerun: Trial, original: Trial | undefined): void {
  if (original === undefined) return;
  const comparison = compareReports(original.reports, rerun.reports);
  process.stdout.write(`${trialStateName(rerun.state)}; ${comparison.words}\n`);
  if (!comparison.same) throw new UserError(`trial ${original.number} was not reproduced`, FAILURE);
}
