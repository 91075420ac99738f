import { Argument, Command } from 'commander';
import { ObjectiveError } from '../../worker/objectives/errors.js';
import { listDatasets } from '../../worker/train/dataset/catalog.js';
import { fetchNamedSet, isFetched } from '../../worker/train/dataset/named-cache.js';
import { NAMED_SETS, type NamedSet } from '../../worker/train/dataset/named-sets.js';
import { addDataOptions, type DataOptions, dataPlacesOf } from '../data-options.js';
import { FAILURE, UserError } from '../fail.js';
import { formatSize } from '../format.js';
import { onInterrupt } from '../interrupt.js';

export function datasetsCommand(): Command {
  const command = new Command('datasets')
    .description(
      'Lists the data sets that workers on this machine can read, or downloads named ones ahead of time, for a machine image ' +
        'or for workers without a network.',
    )
    .addArgument(new Argument('[names...]', 'named data sets to download').choices(NAMED_SETS.map(({ name }) => name)));
  return addDataOptions(command).action(datasets);
}

async function datasets(names: readonly string[], options: DataOptions): Promise<void> {
  const places = dataPlacesOf(options);
  const { cacheDir, offline } = places;
  if (names.length === 0) {
    const there = new Set(await listDatasets({ ...places, offline: true }));
    for (const name of there) process.stdout.write(`${name}\n`);
    if (offline) return;
    for (const { name } of NAMED_SETS) if (!there.has(name)) process.stdout.write(`${name} (to be downloaded)\n`);
    return;
  }
  const interruption = onInterrupt();
  const note = (line: string): void => void process.stderr.write(`assay: ${line}\n`);
  try {
    for (const name of names) {
      const set = NAMED_SETS.find((known) => known.name === name)!;
      if (isFetched(set, cacheDir)) {
        note(`data set ${name} is there already`);
        continue;
      }
      const bar = createBar(set);
      await fetchNamedSet(set, { places, signal: interruption.signal, note }, { onProgress: bar });
    }
  } catch (error) {
    if (interruption.signal.aborted)
      throw new UserError('stopped; the same command goes on', FAILURE, { cause: error });
    throw error instanceof ObjectiveError ? new UserError(error.message, FAILURE, { cause: error }) : error;
  } finally {
    interruption.close();
  }
}

const BAR_WIDTH = 30;
const BAR_MS = 100;

/** Draws how far a download is, on a terminal; elsewhere a line for each file. */
function createBar({ name, files }: NamedSet): (file: string, bytes: number, of: number | undefined) => void {
  let drawnAt = 0;
  return (file, bytes, of) => {
    const total = of ?? files.find((known) => known.name === file)!.bytes;
    const isDone = bytes >= total;
    if (!process.stderr.isTTY) {
      if (isDone) process.stderr.write(`assay: ${name}: ${file}, ${formatSize(bytes)}\n`);
      return;
    }
    if (!isDone && Date.now() - drawnAt < BAR_MS) return;
    drawnAt = Date.now();
    const share = Math.min(1, bytes / total);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = '#'.repeat(filled) + '.'.repeat(BAR_WIDTH - filled);
    const line = `${name}: ${file} [${bar}] ${formatSize(bytes)} of ${formatSize(total)}`;
    process.stderr.write(`\r${line}\x1b[K${isDone ? '\n' : ''}`);
  };
}
