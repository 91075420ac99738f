import { endianness } from 'node:os';
import type { NamedArray } from './model/parameter.js';

/** What a file of arrays holds beside them. */
export interface ArraysFile {
  readonly arrays: readonly NamedArray[];
  /** Texts by name. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Longest header that is read, bytes. */
const LONGEST_HEADER = 16 * 1024 * 1024;

/**
 * Arrays in the safetensors format, which other programs read too: eight bytes with the header's length, the header as
 * JSON with each array's type, shape and place, then the numbers, all little-endian.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors({ arrays, texts }: ArraysFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: texts };
  let bytes = 0;
  for (const { name, shape, values } of arrays) {
    if (name in header) throw new RangeError(`two arrays are called ${name}`);
    header[name] = { dtype: 'F32', shape, data_offsets: [bytes, bytes + values.byteLength] };
    bytes += values.byteLength;
  }
  // Spaces behind the header bring the numbers to a multiple of eight.
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = Buffer.alloc(8 + headerBytes + bytes, ' ');
  file.writeBigUInt64LE(BigInt(headerBytes), 0);
  json.copy(file, 8);
  let at = 8 + headerBytes;
  for (const { values } of arrays) {
    littleEndian(Buffer.from(values.buffer, values.byteOffset, values.byteLength)).copy(file, at);
    at += values.byteLength;
  }
  return file;
}

/** @throws {RangeError} when it is no such file, or has other than 32-bit floats in it */
export function decodeSafetensors(content: Uint8Array): ArraysFile {
  const file = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const headerBytes = file.length < 8 ? Number.NaN : Number(file.readBigUInt64LE(0));
  if (!(headerBytes <= LONGEST_HEADER && 8 + headerBytes <= file.length)) throw broken('its header is cut off');
  const header = parseHeader(file.toString('utf8', 8, 8 + headerBytes));
  const { __metadata__: texts = {}, ...entries } = header;
  const data = file.subarray(8 + headerBytes);
  const arrays = Object.entries(entries).map(([name, entry]) => readArray(name, entry as ArrayEntry, data));
  return { arrays, texts: texts as Record<string, string> };
}

interface ArrayEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function readArray(name: string, { dtype, shape, data_offsets }: ArrayEntry, data: Buffer): NamedArray {
  if (dtype !== 'F32') throw broken(`${name} is of type ${dtype}, it must be F32`);
  const [from, to] = data_offsets;
  const bytes = 4 * shape.reduce((product, length) => product * length, 1);
  if (!(from >= 0 && to <= data.length && to - from === bytes)) throw broken(`${name} does not fit its place`);
  // A copy, so that the numbers lie on a multiple of their size.
  const values = new Float32Array(bytes / 4);
  const copy = Buffer.from(values.buffer);
  data.copy(copy, 0, from, to);
  littleEndian(copy).copy(copy);
  return { name, shape, values };
}

function parseHeader(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw broken('its header is not JSON');
  }
}

/** The bytes of 32-bit numbers of this machine as little-endian ones, or the other way round. */
function littleEndian(bytes: Buffer): Buffer {
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}

function broken(why: string): RangeError {
  return new RangeError(`it is no file of arrays: ${why}`);
}
