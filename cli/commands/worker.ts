import { Command, InvalidArgumentError, Option } from 'commander';
import { PACKAGE_VERSION } from '../../proto/package-version.js';
import { parseWorkerConfig, type WorkerConfig } from '../../worker/config.js';
import { WorkerConfigError, WorkerError } from '../../worker/errors.js';
import type { Permissions } from '../../worker/own-code/permissions.js';
import { BACKEND_NAMES } from '../../worker/train/backend/backend.js';
import { runWorker } from '../../worker/worker.js';
import { chosenAccess } from '../access-options.js';
import { addDataOptions, DATA_OPTION_NAMES, type DataOptions, dataSettings } from '../data-options.js';
import { BAD_INPUT, FAILURE, UserError } from '../fail.js';
import { onInterrupt } from '../interrupt.js';
import { type LoggingOptions, logFormatOption, loggerOf, logLevelOption } from '../logging-options.js';
import { coordinatorOption, parseListenAddress, wholeNumber } from '../options.js';
import { stopWithParent } from '../parent.js';

interface Options extends DataOptions, LoggingOptions {
  readonly coordinator: string;
  readonly slots?: number;
  readonly backend: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly allowModule?: readonly string[];
  /** True: given without a value. */
  readonly allowCommand?: readonly string[] | true;
  readonly allowUpload?: true;
  readonly allowGit?: readonly string[] | true;
  readonly allowEnv?: readonly string[];
  readonly gpus?: 'auto' | 'none' | readonly string[];
  readonly slotsPerGpu?: number;
  readonly scratch?: string;
  readonly metrics?: string;
  readonly insecure?: true;
  readonly exitWithParent?: true;
}

export function workerCommand(): Command {
  const command = new Command('worker')
    .description(
      'Attaches this machine to a coordinator and runs the attempts it is given, each in a process of its own. Start it ' +
        'before or after its coordinator: it waits, and it comes back when the connection breaks. Ctrl-C or SIGTERM ' +
        'hands back what runs; a second one ends it at once.',
    )
    .addOption(coordinatorOption())
    .option(
      '-n, --slots <number>',
      'attempts to run at a time (default: what the GPUs take, or the number of cores)',
      wholeNumber(1, 1024),
    )
    .option('--gpus <ids>', 'GPUs that attempts may use: auto, none, or ids like 0,2 (default: auto)', gpuIds)
    .option('--slots-per-gpu <number>', 'attempts that share a GPU (default: 1)', wholeNumber(1, 256))
    .addOption(new Option('--backend <name>', 'what to train on').choices(BACKEND_NAMES).default('auto'))
    .option('-l, --label <key=value>', 'label for studies that require it; may be repeated', addLabel)
    .option('--allow-module <dir>', "run studies' modules that lie in this folder; may be repeated", gather)
    .option(
      '--allow-command [dir]',
      "run studies' programs, started anywhere or in this folder; may be repeated",
      gather,
    )
    .option('--allow-upload', 'run code that was uploaded with a study')
    .option('--allow-git [url]', 'fetch code from git, from anywhere or below this URL; may be repeated', gather)
    .option(
      '--allow-env <name>',
      "give studies that ask for it this variable of the worker's environment; NAME* for all that begin so; may be repeated",
      gather,
    )
    .option('--scratch <dir>', "folder for the attempts' own folders (default: one of yours in the temporary folder)")
    .option('--name <name>', "what people read (default: the host's name and the process id)")
    .option('--metrics <host:port>', 'tell /healthz, /readyz and /metrics there', parseListenAddress)
    .option('--insecure', 'let --metrics be where other machines can reach it: it is plain text, for everybody')
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(new Option('--exit-with-parent', 'drain when the process that forked this one is gone').hideHelp());
  return addDataOptions(command).action(run);
}

async function run(options: Options): Promise<void> {
  const { coordinator, slots, backend, label, name } = options;
  const { gpus, slotsPerGpu, scratch, metrics, insecure } = options;
  const permissions = permissionsOf(options);
  const own = { permissions, gpus, slotsPerGpu, scratchDir: scratch, metrics, insecure };
  const config = check({
    coordinator,
    access: chosenAccess(),
    slots,
    backend,
    ...dataSettings(options),
    labels: label,
    name,
    ...own,
  });
  const logger = await loggerOf(options);
  const interruption = onInterrupt();
  const parent = options.exitWithParent === true ? stopWithParent() : undefined;
  const signals = [interruption.signal, ...(parent === undefined ? [] : [parent.signal])];
  try {
    await runWorker(config, { logger, signal: AbortSignal.any(signals), version: PACKAGE_VERSION });
  } catch (error) {
    throw error instanceof WorkerError ? new UserError(error.message, FAILURE, { cause: error }) : error;
  } finally {
    interruption.close();
    parent?.close();
  }
}

function check(input: unknown): WorkerConfig {
  try {
    return parseWorkerConfig(input);
  } catch (error) {
    if (!(error instanceof WorkerConfigError)) throw error;
    const message = error.message.replaceAll(/^\w+(?=[.:])/gm, (setting) => OPTIONS[setting] ?? setting);
    throw new UserError(message, BAD_INPUT, { cause: error });
  }
}

/** What people typed for a setting. */
const OPTIONS: Readonly<Record<string, string>> = {
  coordinator: '--coordinator',
  slots: '--slots',
  backend: '--backend',
  ...DATA_OPTION_NAMES,
  labels: '--label',
  name: '--name',
  permissions: '--allow',
  gpus: '--gpus',
  slotsPerGpu: '--slots-per-gpu',
  scratchDir: '--scratch',
  metrics: '--metrics',
};

/** Nothing is allowed that was not said. */
function permissionsOf(options: Options): Permissions {
  const { allowModule = [], allowCommand, allowUpload, allowGit, allowEnv = [] } = options;
  return {
    modules: allowModule,
    command: allowCommand !== undefined,
    commandFolders: allowCommand === true ? [] : (allowCommand ?? []),
    upload: allowUpload === true,
    git: allowGit === true ? [''] : (allowGit ?? []),
    environment: allowEnv,
  };
}

function gather(value: string, earlier?: readonly string[] | true): readonly string[] {
  return earlier === undefined || earlier === true ? [value] : [...earlier, value];
}

function gpuIds(text: string): 'auto' | 'none' | readonly string[] {
  if (text === 'auto' || text === 'none') return text;
  const ids = text.split(',').map((id) => id.trim());
  if (ids.includes('') || new Set(ids).size < ids.length) {
    throw new InvalidArgumentError('It must be auto, none, or ids like 0,2, none of them twice.');
  }
  return ids;
}

function addLabel(text: string, labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be KEY=VALUE, such as gpu=a100.');
  const key = text.slice(0, at);
  if (Object.hasOwn(labels, key)) throw new InvalidArgumentError(`The label ${key} is given twice.`);
  return { ...labels, [key]: text.slice(at + 1) };
}
