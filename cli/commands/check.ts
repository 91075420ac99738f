import { Command } from 'commander';
import { summarizeSearch } from '../../coordinator/spec/index.js';
import { readSearchFile } from '../search-file.js';

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Checks a search file without running it. Every fault is printed with its place; then the exit code is 2.',
    )
    .argument('<file>', 'search file; - reads standard input')
    .action(async (path: string) => {
      const { spec } = await readSearchFile(path);
      process.stdout.write(`${summarizeSearch(spec)}\n`);
    });
}
