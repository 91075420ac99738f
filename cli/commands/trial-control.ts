import { Command } from 'commander';
import type { Trial } from '../../proto/index.js';
import { studyJson, trialJson } from '../../proto/json.js';
import { trialStateName } from '../../proto/state-names.js';
import { withClient } from '../client.js';
import { UserError } from '../fail.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { parseStudyAndTrial } from '../study-and-trial.js';
import { printLines } from '../terminal.js';
import { plainText, span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly json?: true;
  readonly reason?: string;
}

const STUDY_AND_TRIAL = [
  '<study-or-trial...>',
  "the study's id (the latest study when left out) and the trial's number",
] as const;

export function stopTrialCommand(): Command {
  return new Command('stop-trial')
    .description('Ends one trial early. It is ranked with what it has reported, like one that was pruned.')
    .usage('[options] [study] <trial>')
    .argument(...STUDY_AND_TRIAL)
    .addOption(coordinatorOption())
    .option('--json', 'print {study, trial} as JSON')
    .action((words: readonly string[], { coordinator, json }: Options) => {
      const { study, trial } = parseStudyAndTrial(words);
      return withClient(coordinator, async (client) => {
        const answer = await client.stopTrial(study, trial);
        if (json === true) return printTrialJson(answer);
        const words = answer.trial?.endedAtMs === 0 ? 'is told to stop' : 'has been stopped';
        return printLines([[span(`${answer.study} trial ${trial} ${words}`)]]);
      });
    });
}

export function invalidateCommand(): Command {
  return new Command('invalidate')
    .description(
      'Takes one trial out of the ranking and of what the sampler sees, and stops it where it runs. ' +
        'It keeps its number and counts in the budget: "assay extend --trials +1" gives another one.',
    )
    .usage('[options] [study] <trial>')
    .argument(...STUDY_AND_TRIAL)
    .addOption(coordinatorOption())
    .option('--reason <text>', 'why, for whoever looks at the trial')
    .option('--json', 'print {study, trial} as JSON')
    .action((words: readonly string[], { coordinator, json, reason }: Options) => {
      const { study, trial } = parseStudyAndTrial(words);
      return withClient(coordinator, async (client) => {
        const answer = await client.invalidateTrial(study, trial, reason ?? '');
        if (json === true) return printTrialJson(answer);
        const state = answer.trial === undefined ? '' : ` (${trialStateName(answer.trial.state)})`;
        return printLines([[span(`${answer.study} trial ${trial} does not count any more${state}`)]]);
      });
    });
}

export function enqueueCommand(): Command {
  return new Command('enqueue')
    .description(
      'Adds a configuration that is run before the sampler is asked again. Values are written as in a search file; ' +
        'parameters that are left out are drawn.',
    )
    .usage('[options] [study] <name=value...>')
    .argument('<study-and-values...>', "the study's id (the latest study when left out) and the configuration")
    .addOption(coordinatorOption())
    .option('--json', 'print the study as JSON')
    .action((words: readonly string[], { coordinator, json }: Options) => {
      const { study, values } = splitValues(words);
      return withClient(coordinator, async (client) => {
        const after = await client.enqueueTrial(study, values);
        if (json === true) return printJson(studyJson(after));
        const queued =
          after.enqueued === 0
            ? 'it starts now'
            : `${after.enqueued} ${after.enqueued === 1 ? 'waits' : 'wait'} for a slot`;
        return printLines([[span(`${after.id} has the configuration: ${plainText(queued)}`)]]);
      });
    });
}

/** "[study] name=value ..." as typed: the values as YAML, each on a line. @throws {UserError} */
function splitValues(words: readonly string[]): { readonly study: string; readonly values: string } {
  const [first = '', ...rest] = words;
  const hasStudy = !first.includes('=');
  const pairs = hasStudy ? rest : words;
  if (pairs.length === 0) throw new UserError('give the configuration as name=value, such as lr=0.01 depth=2');
  const lines = pairs.map((pair) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new UserError(`"${pair}" is no name=value: write it like lr=0.01`);
    }
    return `${JSON.stringify(name)}: ${value}`;
  });
  return { study: hasStudy ? first : '', values: lines.join('\n') };
}

function printTrialJson({ study, trial }: { readonly study: string; readonly trial?: Trial | undefined }): void {
  printJson({ study, trial: trial === undefined ? null : trialJson(trial) });
}
