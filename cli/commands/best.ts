import { Command } from 'commander';
import { openArtifactClient } from '../../proto/artifact-client.js';
import type { Study, Trial } from '../../proto/index.js';
import { studyJson, trialJson } from '../../proto/json.js';
import { chosenAccess } from '../access-options.js';
import { withClient } from '../client.js';
import { exportModel, predictCommand } from '../export-model.js';
import { UserError } from '../fail.js';
import { formatMetric, formatParam } from '../format.js';
import { commandLine } from '../invocation.js';
import { coordinatorOption, coordinatorWords } from '../options.js';
import { printJson } from '../print-json.js';
import { withStateFolder } from '../state-coordinator.js';
import { describeTerminal, printLines } from '../terminal.js';
import { type Line, plainText, span, textWidth } from '../text.js';

interface Options {
  readonly coordinator: string;
  readonly state?: string;
  readonly export?: string;
  readonly json?: true;
}

export function bestCommand(): Command {
  return new Command('best')
    .description("Shows a study's best trial, and writes its model with all that is needed to use it into a folder.")
    .argument('[study]', "the study's id (the latest when left out)", '')
    .addOption(coordinatorOption())
    .option('-s, --state <dir>', "a coordinator's folder to look into while none runs on it, such as .assay/digits")
    .option('-e, --export <dir>', 'folder for the model, made anew: model, parameters, class names, a small README')
    .option('--json', 'print {study, trial} as JSON')
    .action((id: string, options: Options) =>
      options.state === undefined
        ? best(id, options.coordinator, options)
        : withStateFolder(options.state, (address) => best(id, address, options)),
    );
}

function best(id: string, coordinator: string, { state, export: folder, json }: Options): Promise<void> {
  return withClient(coordinator, async (client) => {
    const { study } = await client.getLeaderboard(id, 1);
    if (study?.best === undefined) throw new UserError(`study ${study?.id ?? id} has no trial with a value yet`);
    const { trial = study.best } = await client.getTrial(study.id, study.best.number);
    if (folder !== undefined) await fetchTo(folder, study, trial, coordinator);
    if (json === true) printJson({ study: studyJson(study), trial: trialJson(trial) });
    else {
      const where = state === undefined ? coordinatorWords(coordinator) : ['--state', state];
      printLines(bestLines(study, trial, where, folder), describeTerminal());
    }
  });
}

async function fetchTo(folder: string, study: Study, trial: Trial, coordinator: string): Promise<void> {
  const artifacts = openArtifactClient(coordinator, chosenAccess());
  try {
    await exportModel(study, trial, folder, artifacts);
  } finally {
    artifacts.close();
  }
}

/** @param where the words that say which coordinator was asked */
function bestLines(study: Study, trial: Trial, where: readonly string[], folder: string | undefined): Line[] {
  const { value = Number.NaN, valueStep, weights } = trial;
  const metric = plainText(study.metric);
  const head: Line = [
    span(`${study.id} trial ${trial.number}`, 'bold'),
    span(`  ${metric} ${formatMetric(value)} at step ${valueStep}`),
  ];
  const tested = weights?.metrics['test_accuracy'];
  const rows: (readonly [string, string])[] = trial.params.map((param) => [
    plainText(param.name),
    plainText(formatParam(param)),
  ]);
  const width = Math.max(...rows.map(([name]) => textWidth(name)), 0);
  const words = ['best', study.id, '--export', 'DIR', ...where];
  const next =
    folder !== undefined
      ? `its model is in ${folder}; use it with ${predictCommand(folder)}`
      : weights === undefined
        ? 'its model is not kept'
        : `fetch its model with ${commandLine(words)}`;
  return [
    head,
    ...(tested === undefined ? [] : [[span(`test accuracy ${formatMetric(tested)}, on images set apart for it`)]]),
    ...(study.state === 'STUDY_STATE_FINISHED' ? [] : [[span('so far: the study has not finished', 'yellow')]]),
    ...rows.map(([name, text]) => [span(`  ${name}${' '.repeat(width - textWidth(name))}  ${text}`)]),
    [span(next, 'dim')],
  ];
}
