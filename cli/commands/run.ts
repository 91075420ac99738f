import { join } from 'node:path';
import { Command } from 'commander';
import { addDataOptions, type DataOptions, dataWords, requireDatasets } from '../data-options.js';
import { FAILURE } from '../fail.js';
import { commandLine } from '../invocation.js';
import { searchHere } from '../local-search.js';
import { wholeNumber } from '../options.js';
import { permissionWords } from '../permission-words.js';
import { readSearchFile } from '../search-file.js';
import { printSummary, succeeded } from '../summary.js';

interface Options extends DataOptions {
  readonly state?: string;
  readonly slots?: number;
  readonly backend?: string;
}

export function runCommand(): Command {
  const command = new Command('run')
    .description(
      'Runs a search file on this machine, with a coordinator and a worker of its own, and shows it live. Ctrl-C stops\n' +
        'everything and loses nothing: the same command goes on. Once the study has finished, it starts another one.',
    )
    .argument('<file>', 'the search file; - reads standard input')
    .option('-s, --state <dir>', "folder for its log (default: .assay/NAME, with the search file's name)")
    .option('--slots <n>', 'trials at a time (default: the number of cores)', wholeNumber(1, 1024))
    .option('--backend <name>', 'training backend: auto, tfjs-node-gpu, tfjs-node, webgpu, wasm or cpu');
  return addDataOptions(command).action(run);
}

async function run(path: string, options: Options): Promise<void> {
  requireDatasets(options);
  const file = await readSearchFile(path);
  const state = options.state ?? join('.assay', file.spec.name);
  const { study, interrupted } = await searchHere({
    file,
    state,
    workers: [{ name: 'local', args: [...workerArgs(options), ...permissionWords(file)] }],
  });
  if (interrupted !== undefined) {
    process.exitCode = interrupted;
    const again = commandLine(['run', path, ...optionWords(options)]);
    process.stderr.write(`assay: stopped, nothing is lost; go on with: ${again}\n`);
    return;
  }
  if (study !== undefined) printSummary(study);
  process.stderr.write(
    `assay: look at it again: ${commandLine(['coordinator', '--state', state])}, then ${commandLine(['leaderboard'])}\n`,
  );
  if (!succeeded(study)) process.exitCode = FAILURE;
  else if (file.spec.objective.kind === 'train') {
    const words = ['best', study!.id, '--state', state, '--export', 'model'];
    process.stderr.write(`assay: take its best model: ${commandLine(words)}\n`);
  }
}

function workerArgs(options: Options): string[] {
  const { slots, backend } = options;
  return [
    ...(slots === undefined ? [] : ['--slots', String(slots)]),
    ...dataWords(options),
    ...(backend === undefined ? [] : ['--backend', backend]),
  ];
}

function optionWords(options: Options): string[] {
  const { state } = options;
  return [...(state === undefined ? [] : ['--state', state]), ...workerArgs(options)];
}
