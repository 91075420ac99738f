import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parseWorkerConfig } from '../worker/config.js';
import type { DataPlaces } from '../worker/data-places.js';
import { WorkerConfigError } from '../worker/errors.js';
import { BAD_INPUT, UserError } from './fail.js';

/** Where the workers that a command starts find data sets. */
export interface DataOptions {
  readonly datasets?: string;
  readonly cache?: string;
  readonly mirror?: string;
  readonly offline?: true;
}

/** `--datasets`, `--cache`, `--mirror` and `--offline`. */
export function addDataOptions(command: Command): Command {
  return command
    .option('--datasets <dir>', 'folder with data sets: named ones, and what search files name')
    .addOption(
      new Option(
        '--cache <dir>',
        'folder for downloaded and decoded data (default: assay in your folder for caches)',
      ).env('ASSAY_CACHE'),
    )
    .addOption(
      new Option('--mirror <url>', 'server of your own to download named data sets from: URL/NAME/FILE').env(
        'ASSAY_MIRROR',
      ),
    )
    .option('--offline', 'download nothing');
}

/** @throws {UserError} when the folder that was named is not there, before anything is started that would look for it */
export function requireDatasets({ datasets }: DataOptions): void {
  if (datasets !== undefined && !existsSync(datasets))
    throw new UserError(`--datasets ${datasets}: there is no such folder`);
}

/** The same for a command to be typed, or for a worker to be started. */
export function dataWords({ datasets, cache, mirror, offline }: DataOptions): string[] {
  return [
    ...(datasets === undefined ? [] : ['--datasets', datasets]),
    ...(cache === undefined ? [] : ['--cache', cache]),
    ...(mirror === undefined ? [] : ['--mirror', mirror]),
    ...(offline === undefined ? [] : ['--offline']),
  ];
}

/** The same as a worker's configuration has them. */
export function dataSettings({ datasets, cache, mirror, offline }: DataOptions): Readonly<Record<string, unknown>> {
  return { datasetsDir: datasets, cacheDir: cache, mirror, offline };
}

/** What people typed for a worker's setting. */
export const DATA_OPTION_NAMES: Readonly<Record<string, string>> = {
  datasetsDir: '--datasets',
  cacheDir: '--cache',
  mirror: '--mirror',
  offline: '--offline',
};

/**
 * Where a worker that is started with these would look.
 *
 * @throws {UserError} when one of them cannot be used
 */
export function dataPlacesOf(options: DataOptions): DataPlaces & { readonly cacheDir: string } {
  try {
    const { datasetsDir, cacheDir, mirror, offline } = parseWorkerConfig(dataSettings(options));
    return { datasetsDir, cacheDir, mirror, offline };
  } catch (error) {
    if (!(error instanceof WorkerConfigError)) throw error;
    const message = error.message.replaceAll(/^\w+(?=:)/gm, (setting) => DATA_OPTION_NAMES[setting] ?? setting);
    throw new UserError(message, BAD_INPUT, { cause: error });
  }
}
