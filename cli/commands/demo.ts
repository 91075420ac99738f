import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { packagePath } from '../../proto/package-path.js';
import { Chaos, chaosVerdict, type Verdict } from '../chaos.js';
import { addDataOptions, type DataOptions, dataWords, requireDatasets } from '../data-options.js';
import { FAILURE } from '../fail.js';
import { commandLine } from '../invocation.js';
import { type LocalSearchEnd, searchHere } from '../local-search.js';
import { wholeNumber } from '../options.js';
import { readSearchFile, type SearchFile } from '../search-file.js';
import { printSummary, succeeded } from '../summary.js';

interface Options extends DataOptions {
  readonly dataset: 'digits' | 'mnist';
  readonly seed?: number;
  readonly trials?: number;
  readonly chaos?: true;
  readonly backend?: string;
}

const WORKERS = ['demo-1', 'demo-2'] as const;

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'Searches the hyperparameters of a small image classifier: a coordinator and two workers with one slot each, three\n' +
        'processes that speak gRPC, in a temporary folder. Needs no GPU, no network and no data.',
    )
    .addOption(
      new Option(
        '--dataset <name>',
        'images to classify: generated digits, or the real MNIST, which is downloaded once',
      )
        .choices(['digits', 'mnist'])
        .default('digits'),
    )
    .option('--seed <n>', 'search again from the seed of an earlier demo', wholeNumber(0, 0xffff_ffff))
    .option('--trials <n>', 'configurations to try (default: 24)', wholeNumber(4, 10_000))
    .option(
      '--chaos',
      'kill a worker and the coordinator on the way, then count the trials and recompute every suggestion from the log;\n' +
        'exit code 1 if anything was lost',
    )
    .option('--backend <name>', 'training backend: auto, tfjs-node-gpu, tfjs-node, webgpu, wasm or cpu');
  return addDataOptions(command).action(demo);
}

async function demo(options: Options): Promise<void> {
  requireDatasets(options);
  const path = packagePath('examples', `${options.dataset}.yaml`);
  const file = await readSearchFile(path, { seed: options.seed, trials: options.trials });
  const { study, interrupted, verdict } = await searchInTemporaryFolder(file, options);
  if (interrupted !== undefined) {
    process.exitCode = interrupted;
    process.stderr.write('assay: the demo is over; its folder is removed\n');
    return;
  }
  if (study !== undefined) {
    printSummary(study);
    if (verdict !== undefined) process.stdout.write(`\n${verdict.lines.join('\n')}\n`);
    process.stdout.write(`\nagain from the same seed:  ${commandLine(repeatWords(options, study.seed))}\n`);
    process.stdout.write(
      `with a file of your own:   ${commandLine(['init'])} && ${commandLine(['run', 'search.yaml'])}\n`,
    );
  }
  if (!succeeded(study) || verdict?.sound === false) process.exitCode = FAILURE;
}

interface DemoEnd extends LocalSearchEnd {
  /** What chaos has left, where there was any. */
  readonly verdict?: Verdict;
}

/** The folder is removed afterwards, unless something failed: then its logs are worth reading. */
async function searchInTemporaryFolder(file: SearchFile, options: Options): Promise<DemoEnd> {
  const state = await mkdtemp(join(tmpdir(), 'assay-demo-'));
  const args = ['--slots', '1', ...dataWords(options), ...backendWords(options)];
  const chaos = options.chaos === true ? new Chaos(WORKERS[0]) : undefined;
  const end = await searchHere({ file, state, workers: WORKERS.map((name) => ({ name, args })), chaos });
  const { study, interrupted } = end;
  const judged = chaos !== undefined && study !== undefined && interrupted === undefined;
  const verdict = judged ? await chaosVerdict(study, chaos, state) : undefined;
  if (verdict?.sound === false) return { ...end, verdict: { ...verdict, lines: [...verdict.lines, `see ${state}`] } };
  await rm(state, { recursive: true, force: true });
  return verdict === undefined ? end : { ...end, verdict };
}

function repeatWords(options: Options, seed: number): string[] {
  const dataset = options.dataset === 'digits' ? [] : ['--dataset', options.dataset];
  const trials = options.trials === undefined ? [] : ['--trials', String(options.trials)];
  const chaos = options.chaos === true ? ['--chaos'] : [];
  return [
    'demo',
    '--seed',
    String(seed),
    ...trials,
    ...chaos,
    ...dataset,
    ...dataWords(options),
    ...backendWords(options),
  ];
}

function backendWords({ backend }: Options): string[] {
  return backend === undefined ? [] : ['--backend', backend];
}
