import { endianness } from 'node:os';
import { ObjectiveError } from '../../objectives/errors.js';
import { type ByteReader, withFile } from './byte-reader.js';
import { checkSize, type Decoded, numberedClasses, type SampleSink, type Source } from './source.js';

/** A file of samples and the file of their labels. */
export interface NpyPair {
  readonly samples: string;
  readonly labels: string;
}

const MOST_HEADER_BYTES = 1 << 16;
/** Numbers that are turned into floats at a time. */
const CHUNK_NUMBERS = 1 << 16;

/**
 * NumPy's .npy files, gzipped or not: samples of shape (n, numbers), (n, height, width) or (n, height, width, channels) and
 * labels of shape (n) or (n, 1), whole numbers from 0 on. Bytes stay bytes, every other number becomes a 32-bit float.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npySource(name: string, train: NpyPair, test: NpyPair | undefined): Source {
  const pairs = test === undefined ? [train] : [train, test];
  return {
    name,
    recipe: ['npy', pairs.length],
    files: pairs.flatMap(({ samples, labels }) => [samples, labels]),
    decode: (sink) => decodeNpy(pairs, sink),
  };
}

interface Part {
  readonly shape: readonly [number, number, number];
  readonly type: 'u8' | 'f32';
  readonly labels: Uint16Array;
}

async function decodeNpy(pairs: readonly NpyPair[], sink: SampleSink): Promise<Decoded> {
  const parts: Part[] = [];
  for (const pair of pairs) parts.push(await decodePair(pair, parts[0], sink));
  const [train, test] = parts as [Part, Part?];
  const labels = Uint16Array.from(parts.flatMap((part) => [...part.labels]));
  const classNames = numberedClasses(pairs[0]!.labels, labels);
  const [height, width, channels] = train.shape;
  return {
    height,
    width,
    channels,
    type: train.type,
    labels,
    classNames,
    parts: { train: train.labels.length, validation: 0, test: test?.labels.length ?? 0 },
  };
}

function decodePair(pair: NpyPair, like: Part | undefined, sink: SampleSink): Promise<Part> {
  return withFile(pair.samples, async (file) => {
    const header = await readHeader(file);
    const [count, ...rest] = header.shape;
    const shape = sampleShape(file.path, rest);
    const type = header.kind === 'u' && header.bytes === 1 ? 'u8' : 'f32';
    if (count === undefined) throw new ObjectiveError(`${file.path} holds a single number; it must hold samples`);
    checkSize(file.path, count, shape, type === 'u8' ? 1 : 4);
    if (like !== undefined && (like.type !== type || like.shape.join() !== shape.join())) {
      const words = (part: Pick<Part, 'shape' | 'type'>): string => `${part.shape.join(' x ')} of ${part.type}`;
      throw new ObjectiveError(
        `${file.path} has samples of ${words({ shape, type })}, those to train on are ${words(like)}; they must be alike`,
      );
    }
    const labels = await readLabels(pair, count);
    await readNumbers(file, header, (numbers, from) => {
      if (type === 'u8') return sink.write(numbers.bytes);
      const floats = toFloats(numbers);
      const wrong = floats.findIndex((number) => !Number.isFinite(number));
      if (wrong === -1) return sink.write(new Uint8Array(floats.buffer));
      const sample = Math.floor((from + wrong) / shape.reduce((product, length) => product * length, 1));
      throw new ObjectiveError(
        `${file.path}: a number of sample ${sample} is ${floats[wrong]} as a 32-bit float; all must be finite`,
      );
    });
    return { shape, type, labels };
  });
}

/** Height, width and channels: rows of a table are one pixel with a channel for each number. */
function sampleShape(path: string, rest: readonly number[]): [number, number, number] {
  const [a, b, c] = rest;
  if (rest.length === 1) return [1, 1, a!];
  if (rest.length === 2) return [a!, b!, 1];
  if (rest.length === 3) {
    if (a! <= 4 && c! > 4) {
      throw new ObjectiveError(
        `${path} has samples of ${rest.join(' x ')}: channels must come last; write it anew with ` +
          `numpy.transpose(x, (0, 2, 3, 1))`,
      );
    }
    return [a!, b!, c!];
  }
  throw new ObjectiveError(
    `${path} has ${rest.length + 1} axes; it must have 2 (samples, numbers), 3 (samples, height, width) or 4 ` +
      `(and channels)`,
  );
}

function readLabels(pair: NpyPair, count: number): Promise<Uint16Array> {
  return withFile(pair.labels, async (file) => {
    const header = await readHeader(file);
    const [found, ...rest] = header.shape;
    if (found === undefined || rest.some((length) => length !== 1)) {
      throw new ObjectiveError(
        `${file.path} has the shape (${header.shape.join(', ')}); labels must be one number for each sample`,
      );
    }
    if (found !== count) {
      throw new ObjectiveError(
        `${pair.labels} has ${found} labels but ${pair.samples} has ${count} samples; it must have one per sample`,
      );
    }
    const labels = new Uint16Array(count);
    await readNumbers(file, header, async (numbers, from) => {
      for (let i = 0; i < numbers.count; i++) {
        const label = numbers.at(i);
        if (!Number.isInteger(label) || label < 0 || label > 0xffff) {
          throw new ObjectiveError(`${file.path}: label ${from + i} is ${label}; labels are whole numbers from 0 on`);
        }
        labels[from + i] = label;
      }
    });
    return labels;
  });
}

interface Header {
  readonly kind: 'u' | 'i' | 'f' | 'b';
  /** Bytes of a number. */
  readonly bytes: number;
  readonly isLittle: boolean;
  readonly shape: readonly number[];
}

async function readHeader(file: ByteReader): Promise<Header> {
  const { path } = file;
  const begin = await file.take(8);
  if (begin.length < 8 || begin.toString('latin1', 0, 6) !== '\x93NUMPY') {
    throw new ObjectiveError(`${path} is no .npy file: it does not begin with \\x93NUMPY; write it with numpy.save`);
  }
  const lengthBytes = begin[6]! >= 2 ? 4 : 2;
  const length = await file.take(lengthBytes);
  const headerBytes = length.length < lengthBytes ? -1 : length.readUIntLE(0, lengthBytes);
  if (headerBytes < 0 || headerBytes > MOST_HEADER_BYTES) {
    throw new ObjectiveError(`${path} has a header of ${headerBytes} bytes; it must have at most ${MOST_HEADER_BYTES}`);
  }
  const text = (await file.take(headerBytes)).toString('latin1');
  const said = /'descr':\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(text);
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (said === null || shape === undefined) {
    throw new ObjectiveError(
      `${path} holds no plain numbers by its header, ${JSON.stringify(text.trim().slice(0, 100))}`,
    );
  }
  if (!/'fortran_order':\s*False/.test(text)) {
    throw new ObjectiveError(
      `${path} is stored by columns; write it with numpy.save(file, numpy.ascontiguousarray(x))`,
    );
  }
  const [, order, kind, bytes] = said as unknown as [string, string, string, string];
  const allowed = { u: [1, 2, 4, 8], i: [1, 2, 4, 8], f: [4, 8], b: [1] }[kind];
  if (allowed === undefined || !allowed.includes(Number(bytes))) {
    throw new ObjectiveError(
      `${path} has numbers of type ${kind}${bytes}; they must be whole numbers or float32 or float64`,
    );
  }
  const header: Header = {
    kind: kind as Header['kind'],
    bytes: Number(bytes),
    isLittle: order === '<' || (order === '=' && endianness() === 'LE'),
    shape: shape.split(',').flatMap((axis) => (axis.trim() === '' ? [] : [Number(axis)])),
  };
  checkLength(file, header);
  return header;
}

/** What the header claims is checked against the file before anybody makes room for it. */
function checkLength(file: ByteReader, { shape, bytes }: Header): void {
  const size = shape.reduce((product, length) => product * length, bytes);
  const words = `a shape of (${shape.join(', ')}) must have ${size} bytes`;
  const found = file.fileBytes - file.position;
  if (!file.isPacked && found !== size) {
    throw new ObjectiveError(
      `${file.path} is ${found < size ? 'truncated' : 'too long'}: it has ${found} bytes after its header; ${words}`,
    );
  }
  if (size > file.mostBytes) {
    throw new ObjectiveError(`${file.path} is truncated: ${words}, more than ${file.fileBytes} gzipped ones can hold`);
  }
}

/** Some numbers in a row, as they are in the file. */
class Numbers {
  readonly bytes: Buffer;
  readonly count: number;
  readonly #header: Header;

  constructor(bytes: Buffer, header: Header) {
    this.bytes = bytes;
    this.count = bytes.length / header.bytes;
    this.#header = header;
  }

  at(index: number): number {
    const { kind, bytes, isLittle } = this.#header;
    const from = index * bytes;
    if (kind === 'f' && bytes === 4) return isLittle ? this.bytes.readFloatLE(from) : this.bytes.readFloatBE(from);
    if (kind === 'f') return isLittle ? this.bytes.readDoubleLE(from) : this.bytes.readDoubleBE(from);
    if (bytes === 8) {
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + from, 8);
      return Number(kind === 'i' ? view.getBigInt64(0, isLittle) : view.getBigUint64(0, isLittle));
    }
    if (kind === 'i') return isLittle ? this.bytes.readIntLE(from, bytes) : this.bytes.readIntBE(from, bytes);
    return isLittle ? this.bytes.readUIntLE(from, bytes) : this.bytes.readUIntBE(from, bytes);
  }
}

function toFloats(numbers: Numbers): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(numbers.count);
  for (let i = 0; i < floats.length; i++) floats[i] = numbers.at(i);
  return floats;
}

async function readNumbers(
  file: ByteReader,
  header: Header,
  use: (numbers: Numbers, from: number) => Promise<void>,
): Promise<void> {
  const total = header.shape.reduce((product, length) => product * length, 1);
  for (let from = 0; from < total; from += CHUNK_NUMBERS) {
    const wanted = Math.min(CHUNK_NUMBERS, total - from);
    const bytes = await file.take(wanted * header.bytes);
    if (bytes.length < wanted * header.bytes) {
      throw new ObjectiveError(
        `${file.path} is truncated: it ends after ${from + Math.floor(bytes.length / header.bytes)} of ${total} numbers`,
      );
    }
    await use(new Numbers(bytes, header), from);
  }
  if (!(await file.isAtEnd()))
    throw new ObjectiveError(`${file.path} is too long: it goes on after its ${total} numbers`);
}
