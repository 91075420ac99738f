import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { CodeSource } from '../../proto/own-code.js';
import { AttemptRefusedError } from '../errors.js';
import { ObjectiveError } from '../objectives/errors.js';

/** What of a study's own code a worker runs: what its operator has allowed, and nothing by default. Folders are absolute. */
export interface Permissions {
  /** Modules that lie in these folders. */
  readonly modules: readonly string[];
  /** Any program. */
  readonly command: boolean;
  /** Programs are started in these folders alone; empty: in any. */
  readonly commandFolders: readonly string[];
  /** Code that came with the study. */
  readonly upload: boolean;
  /** Code from repositories whose URLs begin with these; an empty text stands for all. */
  readonly git: readonly string[];
  /** Variables of the worker's environment that studies may have: names, or beginnings of names with a star behind. */
  readonly environment: readonly string[];
}

/** The objectives and sources of code that are allowed, as a worker presents them. */
export function presentPermissions({ modules, command, upload, git }: Permissions): {
  readonly objectives: readonly string[];
  readonly codeSources: readonly string[];
} {
  const foreign = upload || git.length > 0;
  return {
    objectives: [...(modules.length > 0 || foreign ? ['module'] : []), ...(command ? ['command'] : [])],
    codeSources: [...(upload ? ['upload'] : []), ...(git.length > 0 ? ['git'] : [])],
  };
}

/**
 * The folder of code that lies on this worker already.
 *
 * @param file a module's file, which must lie in an allowed folder whatever links lead to it
 * @throws {AttemptRefusedError} when the operator has not allowed the place
 * @throws {ObjectiveError} when there is no such folder or file
 */
export async function findCode(
  { workdir }: CodeSource,
  file: string | undefined,
  { modules, commandFolders }: Permissions,
  cwd: string,
): Promise<string> {
  const allowed = file === undefined ? commandFolders : modules;
  const places = workdir !== undefined && isAbsolute(workdir) ? [workdir] : under(allowed, cwd, workdir ?? '.');
  for (const place of places) {
    const folder = await real(place);
    const target = folder === undefined || file === undefined ? folder : await real(resolve(folder, file));
    if (folder === undefined || target === undefined) continue;
    if (!(await stat(folder)).isDirectory()) throw new ObjectiveError(`workdir ${place} is no folder`);
    const isAllowed = file === undefined && allowed.length === 0;
    if (isAllowed || (await anyHolds(allowed, target))) return folder;
    const option = file === undefined ? '--allow-command' : '--allow-module';
    throw new AttemptRefusedError(
      `${target} does not lie in a folder that this worker allows (${option} ${allowed.join(', ')})`,
    );
  }
  const [first] = places;
  if (file === undefined) throw new ObjectiveError(`folder ${first ?? workdir} is not there on this worker`);
  throw new ObjectiveError(`module ${file} is not there on this worker, in ${places.join(' or ')}`);
}

/** Whether a study may have a variable of the worker's environment. */
export function allowsVariable(allowed: readonly string[], name: string): boolean {
  return allowed.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
}

/** Whether a repository may be fetched from. A prefix ends at a whole part of the path. */
export function allowsRepository(prefixes: readonly string[], url: string): boolean {
  // What a server would make of dots is not to be guessed.
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(url)) return false;
  return prefixes.some(
    (prefix) => prefix === '' || url === prefix || url.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
  );
}

/** Whether a path lies in a folder, or is it. Both real: without links. */
export function holds(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function under(folders: readonly string[], cwd: string, path: string): string[] {
  return (folders.length === 0 ? [cwd] : folders).map((folder) => resolve(folder, path));
}

async function anyHolds(folders: readonly string[], path: string): Promise<boolean> {
  for (const folder of folders) {
    const allowed = await real(folder);
    if (allowed !== undefined && holds(allowed, path)) return true;
  }
  return false;
}

async function real(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
