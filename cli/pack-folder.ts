import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { create } from 'tar';
import { errorCode } from './error-code.js';
import { UserError } from './fail.js';

/** Most that may be uploaded: code, not data. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST_FILES = 10_000;

/** What is no code of anybody's own. */
const USUALLY_IGNORED = ['.git/', 'node_modules/', '__pycache__/', '*.pyc', '.venv/', 'venv/', '.assay/', '.DS_Store'];

export interface PackedFolder {
  /** A gzipped tar archive; the same files make the same archive. */
  readonly archive: Buffer;
  readonly sha256: string;
  readonly files: number;
}

/**
 * Packs a folder of code. What its .gitignore and `ignored` name stays behind, and what is never anybody's own code.
 *
 * @throws {UserError} when it cannot be read, is empty or too large
 */
export async function packFolder(folder: string, ignored: readonly string[]): Promise<PackedFolder> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) {
    throw new UserError(`upload: ${folder} is no folder that can be read`);
  }
  const rules = ignore()
    .add(USUALLY_IGNORED)
    .add(await gitignoreOf(folder))
    .add([...ignored]);
  const found: Found = { files: [], bytes: 0 };
  await walk(folder, folder, rules, found);
  if (found.files.length === 0) throw new UserError(`upload: ${folder} has no files, or all are ignored`);
  const chunks: Buffer[] = [];
  // What changes without the code, such as times and owners, stays out.
  const stream = create({ cwd: folder, gzip: true, portable: true, mtime: new Date(0) }, found.files.sort());
  for await (const chunk of stream) chunks.push(chunk);
  const archive = Buffer.concat(chunks);
  return { archive, sha256: createHash('sha256').update(archive).digest('hex'), files: found.files.length };
}

interface Found {
  readonly files: string[];
  bytes: number;
}

async function walk(root: string, folder: string, rules: Ignore, found: Found): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(root, path).split(sep).join('/');
    if (rules.ignores(entry.isDirectory() ? `${name}/` : name)) continue;
    if (entry.isDirectory()) await walk(root, path, rules, found);
    else if (entry.isFile() || entry.isSymbolicLink()) await add(path, name, found);
  }
}

async function add(path: string, name: string, found: Found): Promise<void> {
  found.files.push(name);
  found.bytes += (await stat(path).catch(() => undefined))?.size ?? 0;
  if (found.files.length <= MOST_FILES && found.bytes <= MOST_BYTES) return;
  throw new UserError(
    `upload: there are more than ${MOST_FILES} files or ${MOST_BYTES / 2 ** 20}MiB (at ${name}): leave out what is no code with upload: {dir: ..., ignore: [data/]}`,
  );
}

async function gitignoreOf(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, '.gitignore'), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
