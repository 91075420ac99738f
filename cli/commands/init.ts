import { readFile, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { packagePath } from '../../proto/package-path.js';
import { errorCode } from '../error-code.js';
import { UserError } from '../fail.js';

export function initCommand(): Command {
  return new Command('init')
    .description('Writes a commented search file to start from. It runs as it is.')
    .argument('[file]', 'where to write it', 'search.yaml')
    .option('-f, --force', 'overwrite a file that is there')
    .action(async (path: string, options: { readonly force?: true }) => {
      await writeNew(path, await template(path), options.force === true);
      process.stdout.write(`wrote ${path}: run it with "assay run ${path}"\n`);
    });
}

/** The example, with editors told where the installed schema is. */
async function template(path: string): Promise<string> {
  const example = await readFile(packagePath('examples', 'search.yaml'), 'utf8');
  return example.replace(/(?<=^# yaml-language-server: \$schema=).*/, schemaFor(path));
}

/** Relative where the schema lies below the file's folder, as in node_modules; that survives moving the folder. */
function schemaFor(path: string): string {
  const schema = packagePath('search.schema.json');
  const way = relative(dirname(resolve(path)), schema);
  return way.startsWith('..') || isAbsolute(way) ? schema : `./${way.replaceAll('\\', '/')}`;
}

async function writeNew(path: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    throw new UserError(writeFault(path, errorCode(error) ?? String(error)), undefined, { cause: error });
  }
}

function writeFault(path: string, code: string): string {
  switch (code) {
    case 'EEXIST':
      return `${path} is already there: give another name, or --force to overwrite it`;
    case 'ENOENT':
      return `there is no folder ${dirname(path)} to write ${path} into`;
    case 'EISDIR':
      return `${path} is a folder: give the name of a file`;
    default:
      return `${path} cannot be written (${code})`;
  }
}
