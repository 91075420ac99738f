import { createReadStream, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ObjectiveError } from '../../objectives/errors.js';

/** No gzip file unpacks to more than so many times its size: a header that claims more lies. */
const MOST_EXPANSION = 1_032;

/** A file's bytes in order, unpacked where it is gzipped, never more of them in memory than are asked for. */
export class ByteReader {
  readonly path: string;
  readonly isPacked: boolean;
  /** Bytes on disk. */
  readonly fileBytes: number;
  readonly #chunks: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  /** Bytes given out so far. */
  position = 0;

  constructor(path: string, isPacked: boolean, fileBytes: number, chunks: AsyncIterable<Buffer>) {
    this.path = path;
    this.isPacked = isPacked;
    this.fileBytes = fileBytes;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The most bytes that can come out of this file. */
  get mostBytes(): number {
    return this.isPacked ? this.fileBytes * MOST_EXPANSION + 1_024 : this.fileBytes;
  }

  /** The next so many bytes; fewer at the end of the file. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.upTo(count)) parts.push(part);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The next so many bytes, piece by piece; fewer at the end of the file. */
  async *upTo(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#chunk.length === 0 && !(await this.#advance())) return;
      const piece = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(piece.length);
      this.position += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  async isAtEnd(): Promise<boolean> {
    return this.#chunk.length === 0 && !(await this.#advance());
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #advance(): Promise<boolean> {
    for (;;) {
      let next: IteratorResult<Buffer>;
      try {
        next = await this.#chunks.next();
      } catch (cause) {
        throw broken(this.path, this.isPacked, cause);
      }
      if (next.done === true) return false;
      this.#chunk = next.value;
      if (this.#chunk.length > 0) return true;
    }
  }
}

/**
 * Opens a file for reading, whatever it is packed in, and closes it when `use` is done.
 *
 * @throws {ObjectiveError} when it cannot be read, is no file or is damaged
 */
export async function withFile<T>(path: string, use: (reader: ByteReader) => Promise<T>): Promise<T> {
  const { size } = await requireFile(path);
  const isPacked = await beginsLikeGzip(path);
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  // What goes wrong in either of the two comes out of the one that is read.
  const chunks = isPacked ? pipeline(file, createGunzip({ chunkSize: 1 << 18 }), () => {}) : file;
  const reader = new ByteReader(path, isPacked, size, chunks as AsyncIterable<Buffer>);
  try {
    return await use(reader);
  } finally {
    await reader.close();
    file.destroy();
  }
}

async function requireFile(path: string): Promise<Stats> {
  let found: Stats;
  try {
    found = await stat(path);
  } catch (cause) {
    throw new ObjectiveError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (found.isFile()) return found;
  throw new ObjectiveError(`${path} is no file`);
}

async function beginsLikeGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new ObjectiveError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function broken(path: string, isPacked: boolean, cause: unknown): ObjectiveError {
  const why = (cause as Error).message;
  if (!isPacked) return new ObjectiveError(`${path} cannot be read: ${why}`, { cause });
  return new ObjectiveError(`${path} is no whole gzip file: ${why}; fetch it anew`, { cause });
}
