import { basename, relative } from 'node:path';

/**
 * How this program was called, for commands that are printed to be typed again: "assay" where it was called by that name,
 * "node dist/cli/main.js" where it was called by its file.
 */
export function invocation(script: string | undefined = process.argv[1], folder: string = process.cwd()): string {
  if (script === undefined || basename(script) !== 'main.js') return 'assay';
  const path = relative(folder, script);
  return `node ${quote(path.startsWith('..') && path.length > script.length ? script : path)}`;
}

/** A word as a POSIX shell takes it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of this program, to be typed again. */
export function commandLine(words: readonly string[]): string {
  return [invocation(), ...words.map(quote)].join(' ');
}
