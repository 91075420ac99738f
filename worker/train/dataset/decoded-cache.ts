import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ObjectiveError } from '../../objectives/errors.js';
import { type Samples, sampleBytes } from './dataset.js';
import { withLock } from './lock.js';
import { pixelsInFile, pixelsInMemory } from './pixels.js';
import type { Preparation } from './preparation.js';
import type { Decoded, SampleSink, Source } from './source.js';

/** Counts up with every change of what is decoded from the same files. */
const FORMAT = 1;
/** What has not been used for so long is removed when something new is written. */
const KEPT_MS = 30 * 86_400_000;
/** Files that changed less than this before they were read may have changed once more, at the same instant for the clock. */
const SETTLED_MS = 2_000;
/** Without a cache the samples stand in each process's memory; more than so many bytes are refused. */
const MOST_MEMORY_BYTES = 2 ** 31;

/**
 * The samples of a source. They are decoded once on a machine, into a file of the cache that every slot reads; what is
 * there already is taken as long as the source's files have not changed. Where the cache cannot be used, this process
 * decodes for itself and holds the samples in memory.
 *
 * The cache has two kinds of files: `<fingerprint of the source's files>.json` says what was made of them, and
 * `<SHA-256>.bin` has the numbers and then the labels.
 */
export async function openSamples(source: Source, preparation: Preparation): Promise<Samples> {
  const { places, signal } = preparation;
  if (places.cacheDir === undefined) return decodeInMemory(source, signal);
  const folder = join(places.cacheDir, 'decoded');
  const fingerprint = await fingerprintOf(source);
  const known = load(folder, fingerprint);
  if (known !== undefined) {
    await touch(folder, fingerprint);
    return known;
  }
  try {
    const waiting = (): void => preparation.note(`data set ${source.name} is being decoded by another process`);
    return await withLock(join(places.cacheDir, 'locks'), fingerprint, signal, waiting, async () => {
      const meanwhile = load(folder, fingerprint);
      if (meanwhile !== undefined) return meanwhile;
      await mkdir(folder, { recursive: true });
      await prune(folder);
      return await decodeToFile(source, folder, fingerprint, signal);
    });
  } catch (error) {
    if (error instanceof ObjectiveError || signal.aborted) throw error;
    preparation.note(
      `the cache folder ${places.cacheDir} cannot be used (${(error as Error).message}): every attempt decodes for itself`,
    );
    return decodeInMemory(source, signal);
  }
}

/** Says which files these are and in which state, without reading them. */
async function fingerprintOf({ name, recipe, files }: Source): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([FORMAT, recipe]));
  for (const [i, file] of files.entries()) {
    // Asked one by one by the thousand, promises take several times as long as the answers.
    if (i % 1_000 === 999) await new Promise(setImmediate);
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
      hash.update(`\n${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`);
    } catch (cause) {
      throw new ObjectiveError(`data set ${name}: ${file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }
  return hash.digest('hex');
}

const entrySchema = z.object({
  format: z.literal(FORMAT),
  file: z.string().regex(/^[0-9a-f]{64}\.bin$/),
  height: z.int().min(1),
  width: z.int().min(1),
  channels: z.int().min(1),
  type: z.enum(['u8', 'f32']),
  classNames: z.array(z.string()).min(1),
  parts: z.object({ train: z.int().min(0), validation: z.int().min(0), test: z.int().min(0) }),
  content: z.string().regex(/^[0-9a-f]{64}$/),
  endianness: z.literal(endianness()),
});

/** Undefined when there is nothing, or nothing whole: then it is decoded anew. */
function load(folder: string, fingerprint: string): Samples | undefined {
  try {
    const text = readFileSync(join(folder, `${fingerprint}.json`), 'utf8');
    const { format: _, endianness: __, file, ...entry } = entrySchema.parse(JSON.parse(text));
    const { train, validation, test } = entry.parts;
    const count = train + validation + test;
    const path = join(folder, file);
    const size = sampleBytes(entry);
    if (statSync(path).size !== count * (size + 2)) return undefined;
    return { ...entry, labels: readLabels(path, count, size), pixels: pixelsInFile(path, size) };
  } catch {
    return undefined;
  }
}

function readLabels(path: string, count: number, size: number): Uint16Array {
  const labels = new Uint16Array(count);
  const bytes = new Uint8Array(labels.buffer);
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(file, bytes, at, bytes.length - at, count * size + at);
      if (got === 0) throw new Error('too short');
      at += got;
    }
  } finally {
    closeSync(file);
  }
  return labels;
}

async function decodeToFile(
  source: Source,
  folder: string,
  fingerprint: string,
  signal: AbortSignal,
): Promise<Samples> {
  const begin = Date.now();
  // The lock's holder alone writes to it, so that a process that was killed leaves one such file at most.
  const part = join(folder, `${fingerprint}.part`);
  const file = openSync(part, 'w');
  try {
    const hash = createHash('sha256');
    const decoded = await source.decode({
      signal,
      write: async (bytes) => {
        signal.throwIfAborted();
        hash.update(bytes);
        writeFully(file, bytes);
      },
    });
    const samples = describe(source, decoded, hash);
    const { labels } = decoded;
    writeFully(file, new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
    fsyncSync(file);
    const name = `${identityOf(samples, labels)}.bin`;
    renameSync(part, join(folder, name));
    if (await isSettled(source, begin)) writeEntry(folder, fingerprint, { ...samples, file: name });
    return { ...samples, labels, pixels: pixelsInFile(join(folder, name), sampleBytes(samples)) };
  } finally {
    closeSync(file);
    await rm(part, { force: true });
  }
}

async function decodeInMemory(source: Source, signal: AbortSignal): Promise<Samples> {
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let length = 0;
  const sink: SampleSink = {
    signal,
    write: async (bytes) => {
      signal.throwIfAborted();
      length += bytes.length;
      if (length > MOST_MEMORY_BYTES) {
        throw new ObjectiveError(
          `data set ${source.name} is too large for memory; give the worker a cache: --cache DIR`,
        );
      }
      hash.update(bytes);
      pieces.push(Buffer.from(bytes));
    },
  };
  const decoded = await source.decode(sink);
  const samples = describe(source, decoded, hash);
  return { ...samples, labels: decoded.labels, pixels: pixelsInMemory(Buffer.concat(pieces), sampleBytes(samples)) };
}

type Described = Omit<Samples, 'pixels' | 'labels'>;

function describe(source: Source, { labels, content, ...rest }: Decoded, numbers: Hash): Described {
  const { train, validation, test } = rest.parts;
  if (train + validation + test !== labels.length)
    throw new Error(`${source.name} was decoded to parts that do not add up`);
  return { ...rest, content: content ?? numbers.digest('hex') };
}

function identityOf(samples: Described, labels: Uint16Array): string {
  return createHash('sha256').update(JSON.stringify(samples)).update(labels).digest('hex');
}

function writeEntry(folder: string, fingerprint: string, entry: Described & { readonly file: string }): void {
  writeAtomically(
    join(folder, `${fingerprint}.json`),
    JSON.stringify({ format: FORMAT, endianness: endianness(), ...entry }),
  );
}

/** Whoever reads the file sees all of it or nothing. */
export function writeAtomically(path: string, text: string): void {
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, path);
}

function writeFully(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}

async function isSettled({ files }: Source, begin: number): Promise<boolean> {
  return files.every((file) => begin - statSync(file).mtimeMs > SETTLED_MS);
}

async function touch(folder: string, fingerprint: string): Promise<void> {
  const now = new Date();
  // A cache that may only be read serves as well.
  await utimes(join(folder, `${fingerprint}.json`), now, now).catch(() => {});
}

/** Removes what nobody has used for long, and what was left behind by processes that were killed. */
async function prune(folder: string): Promise<void> {
  const old = Date.now() - KEPT_MS;
  const used = new Set<string>();
  const names = await readdir(folder);
  const remove: string[] = [];
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined) continue;
    if (name.endsWith('.json') && found.mtimeMs >= old) {
      const file = fileOf(join(folder, name));
      if (file !== undefined) used.add(file);
    } else if (found.mtimeMs < old) remove.push(name);
  }
  for (const name of remove) if (!used.has(name)) await rm(join(folder, name), { force: true });
}

function fileOf(path: string): string | undefined {
  try {
    return entrySchema.shape.file.parse((JSON.parse(readFileSync(path, 'utf8')) as { readonly file?: unknown }).file);
  } catch {
    return undefined;
  }
}
