import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { DatasetMissingError, ObjectiveError } from '../../objectives/errors.js';
import { withFile } from './byte-reader.js';
import { writeAtomically } from './decoded-cache.js';
import { DownloadError, download, hashFile } from './download.js';
import { withLock } from './lock.js';
import type { NamedSet, PublishedFile } from './named-sets.js';
import type { Preparation } from './preparation.js';
import type { Source } from './source.js';

/** A server may have packed a file otherwise than its authors; more than this is no packing of it. */
const mostBytes = (published: number): number => 2 * published + 2 ** 20;
/** How often a download says how far it is, milliseconds. */
const NOTE_MS = 5_000;

/** What was downloaded, and what it unpacks to: written when all files of a set are there and right. */
interface Receipt {
  readonly files: readonly {
    readonly name: string;
    readonly url: string;
    readonly sha256: string;
    readonly unpacked: Readonly<Record<string, string>>;
  }[];
}

const receiptSchema: z.ZodType<Receipt, unknown> = z.object({
  files: z.array(
    z.object({ name: z.string(), url: z.string(), sha256: z.string(), unpacked: z.record(z.string(), z.string()) }),
  ),
});

/** Whether a set lies whole in the cache. */
export function isFetched(set: NamedSet, cacheDir: string | undefined): boolean {
  return cacheDir !== undefined && readReceipt(set, folderOf(set, cacheDir)) !== undefined;
}

/** What a download may use beside a preparation; the defaults are those of a worker. */
export interface FetchOptions {
  /** Told how much of a file is there; default: a note every few seconds. */
  readonly onProgress?: ((file: string, bytes: number, of: number | undefined) => void) | undefined;
  /** How long a server may say nothing, milliseconds. */
  readonly silenceMs?: number | undefined;
}

/**
 * A named set out of the cache, downloaded first where it is not there yet. Of several processes that want it at once, one
 * downloads and the others wait; whatever kills it, the next one goes on where it was.
 *
 * A file is right when its SHA-256 is that of the file as published, or what it unpacks to has the right one. Where only the
 * former is known, the latter is written into the receipt with the first download.
 *
 * @throws {DatasetMissingError} when nothing may be downloaded
 * @throws {ObjectiveError} when no server gives it
 */
export async function fetchNamedSet(
  set: NamedSet,
  preparation: Preparation,
  options: FetchOptions = {},
): Promise<Source> {
  const { cacheDir, offline } = preparation.places;
  if (cacheDir === undefined) missing(set, preparation, 'the worker has no cache folder to download it to');
  const folder = folderOf(set, cacheDir);
  if (!isFetched(set, cacheDir)) {
    if (offline) missing(set, preparation, 'this worker downloads nothing (--offline)');
    const waiting = (): void => preparation.note(`data set ${set.name} is being downloaded by another process`);
    try {
      await withLock(join(cacheDir, 'locks'), set.name, preparation.signal, waiting, async () => {
        if (isFetched(set, cacheDir)) preparation.note(`data set ${set.name} is there now`);
        else await fetchAll(set, folder, preparation, options);
      });
    } catch (cause) {
      if (preparation.signal.aborted || cause instanceof ObjectiveError) throw cause;
      throw new ObjectiveError(
        `data set ${set.name} cannot be downloaded to ${folder}: ${(cause as Error).message}; name another folder with --cache`,
        { cause },
      );
    }
  }
  const source = set.source((names) => names.map((name) => join(folder, name)).find((path) => existsSync(path)));
  if ('missing' in source) throw new ObjectiveError(`${folder} has no ${source.missing}; remove the folder`);
  return source;
}

function missing(set: NamedSet, { places }: Preparation, why: string): never {
  const where =
    places.datasetsDir === undefined
      ? 'it has no folder of data sets (--datasets)'
      : `it is not in ${places.datasetsDir}`;
  throw new DatasetMissingError(`data set ${set.name} is not on this worker: ${where}, and ${why}`);
}

function folderOf(set: NamedSet, cacheDir: string): string {
  return join(cacheDir, 'sets', set.name);
}

function readReceipt(set: NamedSet, folder: string): Receipt | undefined {
  try {
    const receipt = receiptSchema.parse(JSON.parse(readFileSync(join(folder, 'receipt.json'), 'utf8')));
    const isWhole = set.files.every(
      (file) => receipt.files.some(({ name }) => name === file.name) && existsSync(join(folder, file.name)),
    );
    return isWhole ? receipt : undefined;
  } catch {
    return undefined;
  }
}

async function fetchAll(set: NamedSet, folder: string, preparation: Preparation, options: FetchOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files: Receipt['files'][number][] = [];
  for (const file of set.files) files.push(await fetchFile(set, file, folder, preparation, options));
  writeAtomically(join(folder, 'receipt.json'), `${JSON.stringify({ files }, undefined, 2)}\n`);
  preparation.note(`data set ${set.name} is downloaded`);
}

async function fetchFile(
  set: NamedSet,
  file: PublishedFile,
  folder: string,
  preparation: Preparation,
  options: FetchOptions,
): Promise<Receipt['files'][number]> {
  const { places, signal } = preparation;
  const path = join(folder, file.name);
  const part = `${path}.part`;
  let found: Verified | undefined;
  const check = async (at: string): Promise<string | undefined> => {
    const verdict = await verify(file, at, signal);
    if (typeof verdict === 'string') return verdict;
    found = verdict;
    return undefined;
  };
  // Whole already: the process that fetched it ended before the others were there.
  if (existsSync(path) && (await check(path)) === undefined && found !== undefined) {
    return { name: file.name, url: '', ...found };
  }
  const mirrors = places.mirror === undefined ? set.mirrors : [`${places.mirror}/${set.name}`];
  const progress = options.onProgress ?? notes(set, preparation);
  try {
    const url = await download(
      { mirrors, file: file.name, bytes: file.bytes, mostBytes: mostBytes(file.bytes), part },
      {
        signal,
        check,
        onProgress: (bytes, of) => progress(file.name, bytes, of),
        ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
      },
    );
    renameSync(part, path);
    return { name: file.name, url, ...found! };
  } catch (cause) {
    if (!(cause instanceof DownloadError)) throw cause;
    throw new ObjectiveError(
      `data set ${set.name} cannot be downloaded: ${cause.message}; put its files into a folder of data sets ` +
        `(--datasets) or name a server that has them (--mirror)`,
      { cause },
    );
  }
}

/** Says now and then how far a download is. */
function notes(set: NamedSet, preparation: Preparation): (file: string, bytes: number, of: number | undefined) => void {
  let last = Date.now();
  return (file, bytes, of) => {
    if (Date.now() - last < NOTE_MS) return;
    last = Date.now();
    const share = of === undefined ? '' : ` of ${megabytes(of)}, ${Math.floor((100 * bytes) / of)} %`;
    preparation.note(`data set ${set.name}: ${file}, ${megabytes(bytes)}${share}`);
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

interface Verified {
  readonly sha256: string;
  readonly unpacked: Readonly<Record<string, string>>;
}

/** The hashes of a file that is right; of another, what is wrong. */
async function verify(file: PublishedFile, path: string, signal: AbortSignal): Promise<Verified | string> {
  const sha256 = await hashFile(path, signal);
  const isAsPublished = sha256 === file.sha256;
  if (!isAsPublished && file.unpacked === undefined) {
    const { size } = await stat(path);
    return `SHA-256 of the ${size} bytes is ${sha256}; it must be ${file.sha256}`;
  }
  let unpacked: Readonly<Record<string, string>>;
  try {
    unpacked = await hashUnpacked(path, file.name, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The reader's own words would name a file that is about to be removed.
    const { cause = error } = error as Error;
    return `what came does not unpack: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
  for (const [name, expected] of Object.entries(file.unpacked ?? {})) {
    const found = unpacked[name];
    if (found === undefined) return `there is no ${name} in it`;
    if (found !== expected) return `SHA-256 of ${name}, unpacked, is ${found}; it must be ${expected}`;
  }
  return { sha256, unpacked };
}

/** SHA-256 of what a file unpacks to, by name. */
async function hashUnpacked(path: string, name: string, signal: AbortSignal): Promise<Record<string, string>> {
  if (name.endsWith('.tar.gz')) return hashArchive(path, signal);
  const hash = createHash('sha256');
  await withFile(path, async (file) => {
    for await (const piece of file.upTo(Number.POSITIVE_INFINITY)) {
      signal.throwIfAborted();
      hash.update(piece);
    }
  });
  return { [basename(name, '.gz')]: hash.digest('hex') };
}

async function hashArchive(path: string, signal: AbortSignal): Promise<Record<string, string>> {
  const entries = extract();
  pipeline(createReadStream(path), createGunzip({ chunkSize: 1 << 18 }), entries, () => {});
  const hashes: Record<string, string> = {};
  for await (const entry of entries) {
    signal.throwIfAborted();
    const hash = createHash('sha256');
    for await (const piece of entry) hash.update(piece as Uint8Array);
    if (entry.header.type === 'file') hashes[basename(entry.header.name)] = hash.digest('hex');
  }
  return hashes;
}
