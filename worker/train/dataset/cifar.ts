import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ObjectiveError } from '../../objectives/errors.js';
import { withFile } from './byte-reader.js';
import { checkSize, type Decoded, type SampleSink, type Source } from './source.js';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const PIXELS = 3 * PLANE;
/** No file of either set comes near it; a larger one is none of them. */
const MOST_FILE_BYTES = 2 ** 28;

/** One of the two sets, as its files are made. */
export interface CifarKind {
  /** Names of the files, those to train on first. */
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Bytes before the pixels, and which of them is the label. */
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classNames: readonly string[];
}

/** The binary files, or the archive that they come in. */
export type CifarFiles = { readonly folder: string } | { readonly archive: string };

/**
 * CIFAR's binary version: records of a label (of two, in CIFAR-100) and a red, a green and a blue plane of 32 by 32 bytes.
 *
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 */
export function cifarSource(name: string, kind: CifarKind, files: CifarFiles): Source {
  const names = [...kind.train, ...kind.test];
  const recipe = ['cifar', names, kind.labelBytes, kind.labelAt, kind.classNames];
  if ('archive' in files) {
    return {
      name,
      recipe: [...recipe, 'archive'],
      files: [files.archive],
      decode: (sink) => decodeArchive(files.archive, kind, sink),
    };
  }
  const paths = names.map((file) => `${files.folder}/${file}`);
  return { name, recipe, files: paths, decode: (sink) => decodeFolder(paths, kind, sink) };
}

async function decodeFolder(paths: readonly string[], kind: CifarKind, sink: SampleSink): Promise<Decoded> {
  const decoder = new CifarDecoder(kind, sink);
  for (const path of paths) {
    const bytes = await withFile(path, async (file) => {
      const found = await file.take(MOST_FILE_BYTES);
      if (await file.isAtEnd()) return found;
      throw new ObjectiveError(`${path} is larger than any file of CIFAR, ${MOST_FILE_BYTES} bytes`);
    });
    await decoder.add(path, bytes);
  }
  return decoder.end();
}

/** The files lie in the archive in any order; one that comes before its turn is held until then. */
async function decodeArchive(archive: string, kind: CifarKind, sink: SampleSink): Promise<Decoded> {
  const names = [...kind.train, ...kind.test];
  const held = new Map<string, Buffer>();
  const decoder = new CifarDecoder(kind, sink);
  let turn = 0;
  try {
    const entries = extract();
    pipeline(createReadStream(archive), createGunzip({ chunkSize: 1 << 18 }), entries, () => {});
    for await (const entry of entries) {
      const name = basename(entry.header.name);
      if (entry.header.type !== 'file' || !names.includes(name) || held.has(name)) {
        entry.resume();
        continue;
      }
      if ((entry.header.size ?? 0) > MOST_FILE_BYTES) {
        throw new ObjectiveError(`${archive}: ${name} is larger than any file of CIFAR, ${MOST_FILE_BYTES} bytes`);
      }
      sink.signal.throwIfAborted();
      const pieces: Uint8Array[] = [];
      for await (const piece of entry) pieces.push(piece as Uint8Array);
      held.set(name, Buffer.concat(pieces));
      for (; turn < names.length && held.has(names[turn]!); turn++) {
        await decoder.add(`${archive}: ${names[turn]}`, held.get(names[turn]!)!);
        held.set(names[turn]!, Buffer.alloc(0));
      }
    }
  } catch (cause) {
    if (cause instanceof ObjectiveError || sink.signal.aborted) throw cause;
    if ((cause as NodeJS.ErrnoException).syscall === 'write') throw cause;
    throw new ObjectiveError(`${archive} is no whole .tar.gz file: ${(cause as Error).message}; fetch it anew`, {
      cause,
    });
  }
  if (turn < names.length)
    throw new ObjectiveError(`${archive} has no ${names[turn]}; it must be CIFAR's binary version`);
  return decoder.end();
}

class CifarDecoder {
  readonly #kind: CifarKind;
  readonly #sink: SampleSink;
  readonly #labels: number[] = [];
  #files = 0;
  #trained = 0;

  constructor(kind: CifarKind, sink: SampleSink) {
    this.#kind = kind;
    this.#sink = sink;
  }

  async add(path: string, bytes: Buffer): Promise<void> {
    const { labelBytes, labelAt, classNames, train } = this.#kind;
    const record = labelBytes + PIXELS;
    const count = bytes.length / record;
    if (!Number.isInteger(count)) {
      throw new ObjectiveError(
        `${path} has ${bytes.length} bytes; it must have ${record} for each image, and ${bytes.length % record} are left over`,
      );
    }
    checkSize(path, count, [SIDE, SIDE, 3], 1);
    const images = new Uint8Array(count * PIXELS);
    for (let image = 0; image < count; image++) {
      const label = bytes[image * record + labelAt]!;
      if (label >= classNames.length) {
        throw new ObjectiveError(
          `${path}: the label of image ${image + 1} is ${label}; it must be below ${classNames.length}`,
        );
      }
      this.#labels.push(label);
      interleave(bytes.subarray(image * record + labelBytes, (image + 1) * record), images, image * PIXELS);
    }
    await this.#sink.write(images);
    this.#files += 1;
    if (this.#files === train.length) this.#trained = this.#labels.length;
  }

  end(): Decoded {
    return {
      height: SIDE,
      width: SIDE,
      channels: 3,
      type: 'u8',
      labels: Uint16Array.from(this.#labels),
      classNames: this.#kind.classNames,
      parts: { train: this.#trained, validation: 0, test: this.#labels.length - this.#trained },
    };
  }
}

/** From one plane for each colour to the colours of each pixel side by side. */
function interleave(planes: Uint8Array, to: Uint8Array, at: number): void {
  for (let pixel = 0; pixel < PLANE; pixel++) {
    to[at + 3 * pixel] = planes[pixel]!;
    to[at + 3 * pixel + 1] = planes[PLANE + pixel]!;
    to[at + 3 * pixel + 2] = planes[2 * PLANE + pixel]!;
  }
}

const FILES_10 = {
  train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`),
  test: ['test_batch.bin'],
};

export const CIFAR_10: CifarKind = {
  ...FILES_10,
  labelBytes: 1,
  labelAt: 0,
  classNames: words('airplane automobile bird cat deer dog frog horse ship truck'),
};

const FILES_100 = { train: ['train.bin'], test: ['test.bin'], labelBytes: 2 };

export const CIFAR_100_COARSE: CifarKind = {
  ...FILES_100,
  labelAt: 0,
  classNames: words(
    'aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices ' +
      'household_furniture insects large_carnivores large_man-made_outdoor_things ' +
      'large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people ' +
      'reptiles small_mammals trees vehicles_1 vehicles_2',
  ),
};

export const CIFAR_100: CifarKind = {
  ...FILES_100,
  labelAt: 1,
  classNames: words(
    'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle ' +
      'caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant ' +
      'flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man ' +
      'maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree ' +
      'plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper ' +
      'snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train ' +
      'trout tulip turtle wardrobe whale willow_tree wolf woman worm',
  ),
};

function words(text: string): string[] {
  return text.split(' ');
}
