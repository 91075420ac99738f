import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { LeaderboardRow, Study } from '../../proto/index.js';
import { paramsJson, studyJson, trialJson } from '../../proto/json.js';
import { trialStateName } from '../../proto/state-names.js';
import { trialsCsv } from '../../proto/trials-csv.js';
import { withClient } from '../client.js';
import { errorCode } from '../error-code.js';
import { offlinePage } from '../export/offline-page.js';
import { tensorboardEvents } from '../export/tensorboard.js';
import { FAILURE, UserError } from '../fail.js';
import { coordinatorOption } from '../options.js';

const FORMATS = ['csv', 'json', 'yaml', 'html', 'tensorboard'] as const;
type Format = (typeof FORMATS)[number];

interface Options {
  readonly coordinator: string;
  readonly format: Format;
  readonly output?: string;
}

export function exportCommand(): Command {
  return new Command('export')
    .description(
      'Writes a study with all its trials: csv (a line for each trial), json (with all reports), yaml (the configurations,\n' +
        'best first, as "enqueue" takes them), html (one file with the dashboard\'s page of it and a slider through its time,\n' +
        'needs no coordinator and no network), tensorboard (a folder of event files, with the HPARAMS tab).',
    )
    .argument('[study]', "the study's id; the latest study when left out")
    .addOption(coordinatorOption())
    .addOption(new Option('-f, --format <format>', 'what to write').choices(FORMATS).default('csv'))
    .option(
      '-o, --output <path>',
      'file, or folder for tensorboard (default: standard output; a name of its own for html)',
    )
    .action((study: string | undefined, options: Options) =>
      withClient(options.coordinator, async (client) => {
        const { study: header, rows } = await client.allTrials(study ?? '');
        await write(header, rows, options);
      }),
    );
}

async function write(study: Study, rows: readonly LeaderboardRow[], { format, output }: Options): Promise<void> {
  try {
    if (format === 'tensorboard') {
      const folder = output ?? `${study.id}-tensorboard`;
      await writeTensorboard(rows, folder);
      process.stderr.write(`${rows.length} trials in ${folder}: look at them with  tensorboard --logdir ${folder}\n`);
      return;
    }
    const text = await textOf(study, rows, format);
    const file = output ?? (format === 'html' ? `${study.id}.html` : undefined);
    if (file === undefined) await pipeline([text], process.stdout, { end: false });
    else {
      await pipeline([text], createWriteStream(file));
      process.stderr.write(`${rows.length} trials in ${file}\n`);
    }
  } catch (error) {
    if (error instanceof UserError || errorCode(error) === undefined || errorCode(error) === 'EPIPE') throw error;
    throw new UserError(`${output ?? 'the file'} cannot be written (${errorCode(error)})`, FAILURE, { cause: error });
  }
}

async function textOf(
  study: Study,
  rows: readonly LeaderboardRow[],
  format: Exclude<Format, 'tensorboard'>,
): Promise<string> {
  switch (format) {
    case 'csv':
      return trialsCsv(
        study,
        rows.flatMap(({ rank, trial }) => (trial === undefined ? [] : [rank === 0 ? { trial } : { trial, rank }])),
      );
    case 'json': {
      const trials = rows.map(({ rank, trial }) => ({ rank: rank || null, ...(trial && trialJson(trial)) }));
      return `${JSON.stringify({ study: studyJson(study), trials }, undefined, 2)}\n`;
    }
    case 'yaml':
      return configurations(study, rows);
    case 'html':
      return offlinePage(study, rows);
  }
}

/** The configurations of ranked trials, best first, to be pasted under `enqueue`; what they reached stands beside them. */
function configurations(study: Study, rows: readonly LeaderboardRow[]): string {
  const ranked = rows.filter(({ rank }) => rank > 0).sort((a, b) => a.rank - b.rank);
  const items = ranked.flatMap(({ rank, trial }) => {
    if (trial === undefined) return [];
    const value = trial.value === undefined ? 'no value' : `${study.metric} ${trial.value}`;
    const line = stringify([paramsJson(trial.params)], { collectionStyle: 'flow', lineWidth: 0 }).trim();
    // A flow list of one item: its brackets go, a dash comes.
    return [
      `  # rank ${rank}, trial ${trial.number}, ${trialStateName(trial.state)}, ${value}\n  - ${line.replace(/^\[\s*|\s*\]$/g, '')}\n`,
    ];
  });
  return `# ${study.id}\nenqueue:${items.length === 0 ? ' []' : ''}\n${items.join('')}`;
}

async function writeTensorboard(rows: readonly LeaderboardRow[], folder: string): Promise<void> {
  for (const { trial } of rows) {
    if (trial === undefined) continue;
    const name = `trial-${String(trial.number).padStart(5, '0')}`;
    await mkdir(path.join(folder, name), { recursive: true });
    const seconds = Math.floor(trial.proposedAtMs / 1000);
    await writeFile(path.join(folder, name, `events.out.tfevents.${seconds}.assay`), tensorboardEvents(trial));
  }
}
