import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArtifactClient } from '../proto/artifact-client.js';
import { TransferError } from '../proto/artifact-client.js';
import { isFileName } from '../proto/file-name.js';
import type { ArtifactFile, Study, Trial } from '../proto/index.js';
import { trialJson } from '../proto/json.js';
import { errorCode } from './error-code.js';
import { BAD_INPUT, FAILURE, UserError } from './fail.js';
import { formatMetric, formatParam } from './format.js';
import { commandLine } from './invocation.js';
import { plainText } from './text.js';

/** How long a coordinator that does not answer is tried again, milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * Writes a trial's model with all that is needed to use it into a folder, which comes to be whole or not at all.
 *
 * @throws {UserError} when there is no model, or the folder cannot be written
 */
export async function exportModel(
  study: Study,
  trial: Trial,
  folder: string,
  artifacts: ArtifactClient,
): Promise<void> {
  const target = resolve(folder);
  const { weights } = trial;
  if (weights === undefined) throw noModel(study, trial);
  await checkFree(target, folder);
  const parent = dirname(target);
  let draft: string | undefined;
  try {
    await mkdir(parent, { recursive: true });
    draft = await mkdtemp(join(parent, `.${basename(target)}-`));
    for (const file of weights.files) await fetchFile(file, draft, artifacts);
    await describe(study, trial, draft, basename(target));
    await chmod(draft, 0o777 & ~process.umask());
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } catch (error) {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true });
    throw explain(error, trial, folder);
  }
}

function noModel(study: Study, trial: Trial): UserError {
  const what = `${study.id} has no model of trial ${trial.number}`;
  if (study.objective === 'train')
    return new UserError(`${what}: its search file keeps other ones, see keep: {artifacts: ...}`);
  if (study.objective === 'null') return new UserError(`${what}: null trains nothing`);
  return new UserError(`${what}: a ${study.objective} keeps its own models`);
}

/** What is there already is not overwritten. */
async function checkFree(target: string, folder: string): Promise<void> {
  const there = await readdir(target).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw new UserError(`${folder} cannot be used: ${errorCode(error) ?? String(error)}; name another folder`);
  });
  if (there.length > 0) throw new UserError(`${folder} is not empty: name another folder, or remove it`);
}

async function fetchFile({ name, sha256 }: ArtifactFile, folder: string, artifacts: ArtifactClient): Promise<void> {
  if (!isFileName(name)) throw new UserError(`the model has a file called ${JSON.stringify(name)}`, FAILURE);
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await pipeline(Readable.from(artifacts.download(sha256, { patienceMs: PATIENCE_MS })), createWriteStream(path));
}

async function describe(study: Study, trial: Trial, folder: string, name: string): Promise<void> {
  const params = trialJson(trial).params;
  await writeFile(join(folder, 'params.json'), `${JSON.stringify(params, null, 2)}\n`);
  await writeFile(join(folder, 'search.yaml'), study.spec);
  await writeFile(join(folder, 'README.md'), readme(study, trial, name));
}

function readme(study: Study, trial: Trial, name: string): string {
  const { weights, value = Number.NaN, valueStep } = trial;
  const metric = plainText(study.metric);
  const tested = weights?.metrics['test_accuracy'];
  const lines = [
    `# ${study.id}, trial ${trial.number}`,
    '',
    `The model of trial ${trial.number} of the study ${study.id}, as it was after epoch ${weights?.step ?? valueStep}.`,
    '',
    `| | |`,
    `| --- | --- |`,
    `| ${metric} | ${formatMetric(value)} |`,
    ...(tested === undefined ? [] : [`| test accuracy | ${formatMetric(tested)} |`]),
    ...trial.params.map((param) => `| ${plainText(param.name)} | ${plainText(formatParam(param))} |`),
    '',
    '`model.json` and `weights.bin` are a TensorFlow.js LayersModel (`tf.loadLayersModel`). It takes images as',
    '[images, height, width, channels], normalized as `userDefinedMetadata.assay` in `model.json` says, and gives a',
    "probability for each class; the classes' names stand there too. `params.json` has the parameters, `search.yaml` the",
    'search that found them.',
    '',
    '```sh',
    `assay predict ${name} image.png`,
    '```',
    '',
  ];
  return lines.join('\n');
}

function explain(error: unknown, trial: Trial, folder: string): unknown {
  if (error instanceof TransferError) {
    return new UserError(`the model of trial ${trial.number} cannot be fetched: ${error.message}`, FAILURE, {
      cause: error,
    });
  }
  const code = errorCode(error);
  if (code === undefined || error instanceof UserError) return error;
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no room left on the disk' : code;
  return new UserError(`${folder} cannot be written: ${why}`, BAD_INPUT, { cause: error });
}

/** What to type with an exported model. */
export function predictCommand(folder: string): string {
  return commandLine(['predict', folder, 'image.png']);
}
