import { type Command, Option } from 'commander';

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
