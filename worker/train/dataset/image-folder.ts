import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { ObjectiveError } from '../../objectives/errors.js';
import { checkInside, type Inside } from './paths.js';
import { checkSize, type Decoded, MOST_CLASSES, MOST_SAMPLES, type SampleSink, type Source } from './source.js';

export interface ImageFolderOptions {
  /** Height and width that every image is brought to; undefined: all have one size already. */
  readonly size: readonly [number, number] | undefined;
  readonly colour: 'rgb' | 'grey';
  /** How an image of another shape is brought to the size: cut off, surrounded by black, or stretched. */
  readonly fit: 'cover' | 'contain' | 'stretch';
}

/** Folders of these names, when there is one to train on, are parts; else they are classes like any other. */
const PARTS = { train: ['train'], validation: ['validation', 'valid', 'val'], test: ['test'] } as const;
const IMAGE = /\.(png|jpe?g|webp)$/i;
/** What operating systems leave in folders. */
const LITTER = /^(\..*|Thumbs\.db|desktop\.ini)$/i;
const MOST_FILE_BYTES = 2 ** 28;
const MOST_PIXELS = 100_000_000;

interface ImageFile {
  readonly path: string;
  /** From the folder of all on. */
  readonly way: string;
  readonly label: number;
}

/**
 * Images sorted into folders by class, below folders `train`, `validation` and `test` where there are such. PNG, JPEG and
 * WebP by name and content. Turned as their camera says; transparent parts become white.
 *
 * The digest is that of the files and of how they are brought to size, not of the pixels: another version of the decoder may
 * round them otherwise.
 */
export function imageFolderSource(name: string, folder: Inside, options: ImageFolderOptions): Source {
  const { parts, classNames } = listImages(folder);
  const files = [...parts.train, ...parts.validation, ...parts.test];
  return {
    name,
    recipe: ['images', options, files.map(({ way }) => way)],
    files: files.map(({ path }) => path),
    decode: async (sink) => ({
      ...(await decodeImages(files, options, sink)),
      type: 'u8',
      labels: Uint16Array.from(files, ({ label }) => label),
      classNames,
      parts: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    }),
  };
}

type PartName = keyof typeof PARTS;

function listImages(folder: Inside): {
  readonly parts: Readonly<Record<PartName, readonly ImageFile[]>>;
  readonly classNames: readonly string[];
} {
  const names = foldersIn(folder);
  const isParted = names.includes('train');
  const find = (part: PartName): string | undefined =>
    isParted ? PARTS[part].find((known) => names.includes(known)) : undefined;
  const known = new Set(['train', 'validation', 'test'].map((part) => find(part as PartName)));
  const strangers = isParted ? names.filter((name) => !known.has(name)) : [];
  if (strangers.length > 0) {
    throw new ObjectiveError(
      `${join(folder.path, strangers[0]!)} stands beside train; there may be only validation and test, with a folder for each class`,
    );
  }
  const base = isParted ? join(folder.path, 'train') : folder.path;
  const classNames = isParted ? foldersIn({ ...folder, path: base }) : names;
  if (classNames.length < 2) {
    throw new ObjectiveError(
      `${base} must have a folder for each of at least two classes; it has ${classNames.length}`,
    );
  }
  if (classNames.length > MOST_CLASSES) {
    throw new ObjectiveError(
      `${base} has ${classNames.length} folders, one for each class; at most ${MOST_CLASSES} may be`,
    );
  }
  const list = (part: PartName): ImageFile[] => {
    const name = part === 'train' && !isParted ? '' : find(part);
    return name === undefined ? [] : listPart(folder, name, classNames);
  };
  const parts = { train: list('train'), validation: list('validation'), test: list('test') };
  const filled = new Set(parts.train.map(({ label }) => label));
  for (const [label, name] of classNames.entries()) {
    if (filled.has(label)) continue;
    throw new ObjectiveError(
      `${join(base, name)} has no images; remove the folder or put PNG, JPEG or WebP images into it`,
    );
  }
  return { parts, classNames };
}

function listPart(folder: Inside, part: string, classNames: readonly string[]): ImageFile[] {
  const base = join(folder.path, part);
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const found: ImageFile[] = [];
  for (const name of foldersIn({ ...folder, path: base })) {
    const label = labels.get(name);
    if (label === undefined) {
      throw new ObjectiveError(`${join(base, name)} is no class that can be trained: train has no such folder`);
    }
    collect(folder, join(part, name), label, found);
  }
  return found;
}

/** The folder's folders; files beside them are images that have no class. */
function foldersIn(folder: Inside): string[] {
  const entries = list(folder.path).filter(({ name }) => !LITTER.test(name));
  const folders = entries.filter((entry) => kindOf(entry, folder) === 'folder').map(({ name }) => name);
  const stray = entries.find((entry) => IMAGE.test(entry.name) && !folders.includes(entry.name));
  if (stray === undefined) return folders;
  throw new ObjectiveError(`${join(folder.path, stray.name)} lies in no folder of a class; move it into one`);
}

function collect(folder: Inside, way: string, label: number, found: ImageFile[]): void {
  for (const entry of list(join(folder.path, way))) {
    if (LITTER.test(entry.name)) continue;
    const further = join(way, entry.name);
    const path = join(folder.path, further);
    if (kindOf(entry, folder) === 'folder') {
      collect(folder, further, label, found);
    } else if (!IMAGE.test(entry.name)) {
      throw new ObjectiveError(`${path} is no PNG, JPEG or WebP image by its name; remove or convert it`);
    } else if (found.push({ path, way: further, label }) > MOST_SAMPLES) {
      throw new ObjectiveError(`${folder.path} has more than ${MOST_SAMPLES} images`);
    }
  }
}

/** In an order that is the same everywhere. */
function list(path: string): Dirent[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new ObjectiveError(`${path} cannot be read as a folder: ${(cause as Error).message}`, { cause });
  }
}

function kindOf(entry: Dirent, { root }: Inside): 'file' | 'folder' {
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'file';
  const path = join(entry.parentPath, entry.name);
  try {
    checkInside(path, realpathSync(path), root);
    if (!statSync(path).isDirectory()) return 'file';
  } catch (cause) {
    if (cause instanceof ObjectiveError) throw cause;
    throw new ObjectiveError(`${path} leads nowhere: ${(cause as Error).message}`, { cause });
  }
  throw new ObjectiveError(`${path} is a link to a folder, which could lead round in a circle; put the folder there`);
}

export interface Image {
  readonly bytes: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** SHA-256 of the file. */
  readonly hash: Buffer;
}

async function decodeImages(
  files: readonly ImageFile[],
  options: ImageFolderOptions,
  sink: SampleSink,
): Promise<Pick<Decoded, 'height' | 'width' | 'channels' | 'content'>> {
  const channels = options.colour === 'grey' ? 1 : 3;
  const decode = await createDecoder(options, channels);
  const content = createHash('sha256').update(JSON.stringify(options));
  let shape = options.size;
  if (shape !== undefined) checkSize(files[0]!.path, files.length, [...shape, channels], 1);
  // So many at a time keep all cores busy; the order stays that of the files.
  const atATime = 4 * availableParallelism();
  for (let from = 0; from < files.length; from += atATime) {
    sink.signal.throwIfAborted();
    const some = files.slice(from, from + atATime);
    const images = await Promise.all(some.map(({ path }) => decode(path)));
    for (const [i, image] of images.entries()) {
      const { path, way } = some[i]!;
      if (shape === undefined) {
        shape = [image.height, image.width];
        checkSize(path, files.length, [...shape, channels], 1);
      }
      if (image.height !== shape[0] || image.width !== shape[1]) {
        throw new ObjectiveError(
          `${path} has ${image.height} x ${image.width} pixels, the first image has ${shape.join(' x ')}; ` +
            `say what all are to be brought to, such as size: ${shape[0]}`,
        );
      }
      content.update(`\n${way}\n`).update(image.hash);
      await sink.write(image.bytes);
    }
  }
  const [height, width] = shape!;
  return { height, width, channels, content: content.digest('hex') };
}

/** Opens what decodes image files, one at a time, to pixels of so many channels. */
export async function createDecoder(
  options: Pick<ImageFolderOptions, 'size' | 'fit'>,
  channels: number,
): Promise<(path: string) => Promise<Image>> {
  const { default: open } = await import('sharp');
  // Each image on one thread, several images at once; and nothing but the three formats, whatever a file pretends to be.
  open.concurrency(1);
  open.cache(false);
  open.block({ operation: ['VipsForeignLoad'] });
  open.unblock({ operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp'] });
  const fit = options.fit === 'stretch' ? 'fill' : options.fit;
  return async (path) => {
    const file = await readImageFile(path);
    checkFormat(path, file);
    let image: Sharp = open(file, { failOn: 'error', limitInputPixels: MOST_PIXELS }).autoOrient();
    if (options.size !== undefined) {
      image = image.resize({ height: options.size[0], width: options.size[1], fit, background: '#000' });
    }
    image = image.flatten({ background: '#fff' }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
    try {
      const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
      if (info.channels !== channels) throw new Error(`it has ${info.channels} channels, not ${channels}`);
      return { bytes: data, height: info.height, width: info.width, hash: createHash('sha256').update(file).digest() };
    } catch (cause) {
      const why = (cause as Error).message.replaceAll(/\s*\n\s*/g, '; ').trim();
      throw new ObjectiveError(
        `${path} cannot be decoded: ${why}; it must be a whole image of at most 100 megapixels`,
        {
          cause,
        },
      );
    }
  };
}

async function readImageFile(path: string): Promise<Buffer> {
  try {
    const { size } = statSync(path);
    if (size > MOST_FILE_BYTES) throw new Error(`${size} bytes are more than the ${MOST_FILE_BYTES} an image may have`);
    return await readFile(path);
  } catch (cause) {
    throw new ObjectiveError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function checkFormat(path: string, file: Buffer): void {
  const begin = file.subarray(0, 12).toString('latin1');
  const isImage =
    begin.startsWith('\x89PNG\r\n\x1a\n') ||
    begin.startsWith('\xff\xd8\xff') ||
    (begin.startsWith('RIFF') && begin.endsWith('WEBP'));
  if (isImage) return;
  const what = file.length === 0 ? 'is empty' : 'is no PNG, JPEG or WebP image by its content';
  throw new ObjectiveError(`${path} ${what}; replace or remove it`);
}
