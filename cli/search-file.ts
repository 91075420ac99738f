import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import type { SearchSpec } from '../coordinator/core/spec.js';
import { formatFault, parseSearchFile } from '../coordinator/spec/index.js';
import { errorCode } from './error-code.js';
import { UserError } from './fail.js';

/** A search file that has passed every check. */
export interface SearchFile {
  readonly fileName: string;
  /** What is submitted: the file's text, with the changes asked for on the command line. */
  readonly text: string;
  readonly spec: SearchSpec;
}

/** What the command line may say in the file's place. */
export interface SpecChanges {
  readonly name?: string | undefined;
  readonly seed?: number | undefined;
  /** The budget's number of trials. */
  readonly trials?: number | undefined;
}

/**
 * Reads and checks a search file; "-" is standard input. Warnings go to standard error.
 *
 * @throws {UserError} when it cannot be read or has faults, with a line for each
 */
export async function readSearchFile(path: string, changes: SpecChanges = {}): Promise<SearchFile> {
  const fileName = path === '-' ? '<stdin>' : path;
  const original = await readText(path);
  // Positions in messages are those of the file, so the file is checked before anything is changed in it.
  const first = check(original, fileName);
  const text = applyChanges(original, changes);
  return { fileName, text, spec: text === original ? first : check(text, fileName) };
}

async function readText(path: string): Promise<string> {
  try {
    return path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') throw new UserError(`no file ${path}: write one with "assay init ${path}"`);
    if (code === 'EISDIR') throw new UserError(`${path} is a folder: give a search file`);
    throw new UserError(`${path} cannot be read (${code ?? String(error)})`);
  }
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}

function check(text: string, fileName: string): SearchSpec {
  const result = parseSearchFile(text, fileName);
  if (!result.ok) {
    const { faults } = result;
    const title = `${fileName} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}`;
    throw new UserError([title, ...faults.map(formatFault)].join('\n'));
  }
  for (const warning of result.warnings) process.stderr.write(`assay: warning: ${formatFault(warning)}\n`);
  return result.spec;
}

/** The text with other values for some keys; comments and everything else stay as they were written. */
function applyChanges(text: string, changes: SpecChanges): string {
  const { name, seed, trials } = changes;
  const places = [
    { path: ['name'], value: name },
    { path: ['seed'], value: seed },
    { path: ['budget', 'trials'], value: trials },
  ];
  const entries = places.filter(({ value }) => value !== undefined);
  if (entries.length === 0) return text;
  const document = parseDocument(text);
  for (const { path, value } of entries) document.setIn(path, value);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
