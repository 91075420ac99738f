import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { Study } from '../../proto/index.js';
import { studyJson } from '../../proto/json.js';
import { type StudyClient, withClient } from '../client.js';
import { FAILURE, UserError } from '../fail.js';
import { coordinatorOption } from '../options.js';
import { printJson } from '../print-json.js';
import { doneCount } from '../study-text.js';
import { printLines } from '../terminal.js';
import { span } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly yes?: true;
  readonly json?: true;
}

export function deleteCommand(): Command {
  return new Command('delete')
    .description('Removes a study that has finished, with its trials and what they saved. There is no way back.')
    .argument('<study>', "the study's id")
    .addOption(coordinatorOption())
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print the study as it was as JSON')
    .action((id: string, { coordinator, yes, json }: Options) =>
      withClient(coordinator, async (client) => {
        if (yes !== true) await ask(client, id);
        const study = await client.deleteStudy(id);
        if (json === true) return printJson(studyJson(study));
        return printLines([[span(`${study.id} is deleted (${trialsOf(study)})`)]]);
      }),
    );
}

/** @throws {UserError} when the answer is not yes, or nobody is there to give one */
async function ask(client: StudyClient, id: string): Promise<void> {
  const { study } = await client.listTrials(id);
  if (process.stdin.isTTY !== true || study === undefined) {
    throw new UserError(`deleting ${id} cannot be undone: say --yes where nobody can be asked`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`delete ${study.id} with its ${trialsOf(study)}, for good? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new UserError(`${study.id} is left as it is`, FAILURE);
  } finally {
    terminal.close();
  }
}

function trialsOf({ counts }: Study): string {
  const trials = doneCount(counts);
  return `${trials} trial${trials === 1 ? '' : 's'}`;
}
