import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { JetStreamApiError, jetstream, StorageType } from '@nats-io/jetstream';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ClusterNames } from '../nats/names.js';
import { type Setup, whenReady } from '../nats/when-ready.js';
import {
  ArtifactError,
  type ArtifactStore,
  checkArtifactId,
  damaged,
  isArtifactId,
  mismatch,
  missing,
} from './port.js';

/** Bytes read at a time from the draft. */
const READ_BYTES = 131_072;
/** How long one message of an artifact may take, milliseconds: longer than JetStream's election of a leader. */
const TIMEOUT_MS = 15_000;
/** In an object's metadata: when it was put or renewed, milliseconds since the epoch. */
const STORED_AT = 'stored-at';

/** No room in the stream, its account or the servers. */
const FULL: readonly number[] = [10002, 10023, 10047, 10077];

/**
 * Keeps artifacts in a NATS object store, which all coordinators of a cluster share. Content is written to a draft on this
 * machine first: its hash is its name, and nothing is sent that is not what was announced.
 */
export async function openNatsArtifacts(
  connection: NatsConnection,
  names: ClusterNames,
  setup: Omit<Setup, 'what'>,
): Promise<ArtifactStore> {
  const manager = new Objm(jetstream(connection, { timeout: TIMEOUT_MS }));
  const bucket = await whenReady({ ...setup, what: `bucket ${names.artifactBucket}` }, async () => {
    const store = await manager.create(names.artifactBucket, {
      storage: StorageType.File,
      replicas: setup.replicas,
      description: 'Artifacts of an Assay cluster, by the SHA-256 of their content.',
    });
    // The client takes some failures to create it for a bucket that is there.
    await store.status();
    return store;
  });
  return new NatsArtifacts(bucket);
}

class NatsArtifacts implements ArtifactStore {
  readonly #bucket: ObjectStore;
  /** Puts that are under way, by name: two of the same content would leave the chunks of one behind. */
  readonly #puts = new Map<string, Promise<void>>();

  constructor(bucket: ObjectStore) {
    this.#bucket = bucket;
  }

  async put(content: AsyncIterable<Uint8Array>, expected?: string): Promise<{ id: string; bytes: number }> {
    if (expected !== undefined) checkArtifactId(expected);
    const file = path.join(tmpdir(), `assay-draft-${randomUUID()}`);
    const draft = await open(file, 'wx+', 0o600);
    try {
      const written = await write(draft, content);
      if (expected !== undefined && expected !== written.id) throw mismatch(expected, written.id);
      const before = this.#puts.get(written.id);
      const put = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#keep(draft, written.id));
      this.#puts.set(written.id, put);
      try {
        await put;
      } finally {
        if (this.#puts.get(written.id) === put) this.#puts.delete(written.id);
      }
      return written;
    } finally {
      await draft.close();
      await rm(file, { force: true });
    }
  }

  async *get(id: string): AsyncIterable<Uint8Array> {
    const found = await this.#bucket.get(checkArtifactId(id));
    if (found === null) throw missing(id);
    // Told through the stream as well.
    found.error.catch(() => {});
    const hash = createHash('sha256');
    try {
      for await (const piece of found.data as AsyncIterable<Uint8Array> & ReadableStream<Uint8Array>) {
        hash.update(piece);
        yield piece;
      }
    } catch (error) {
      throw /corrupt/.test(String(error)) ? damaged(id) : error;
    }
    if (hash.digest('hex') !== id) throw damaged(id);
  }

  async has(id: string): Promise<number | undefined> {
    return (await this.#info(id))?.size;
  }

  async renew(id: string): Promise<boolean> {
    if ((await this.#info(id)) === undefined) return false;
    await this.#bucket.update(id, { metadata: { [STORED_AT]: String(Date.now()) } });
    return true;
  }

  async delete(id: string): Promise<void> {
    if ((await this.#info(id)) !== undefined) await this.#bucket.delete(id);
  }

  async *list(): AsyncIterable<{ id: string; bytes: number; storedAt: number }> {
    for (const { name, size, metadata } of await this.#bucket.list()) {
      if (isArtifactId(name)) yield { id: name, bytes: size, storedAt: Number(metadata?.[STORED_AT] ?? 0) };
    }
  }

  /** The connection is its owner's. */
  async close(): Promise<void> {}

  async #info(id: string): Promise<ObjectInfo | undefined> {
    const info = await this.#bucket.info(checkArtifactId(id));
    return info === null || info.deleted ? undefined : info;
  }

  /** What is there and whole is only renewed: replacing it would take it from those who read it now. */
  async #keep(draft: FileHandle, id: string): Promise<void> {
    if (!((await this.#isWhole(id)) && (await this.renew(id)))) await this.#send(draft, id);
  }

  async #isWhole(id: string): Promise<boolean> {
    try {
      for await (const _ of this.get(id));
      return true;
    } catch (error) {
      if (error instanceof ArtifactError) return false;
      throw error;
    }
  }

  async #send(draft: FileHandle, id: string): Promise<void> {
    const metadata = { [STORED_AT]: String(Date.now()) };
    try {
      await this.#bucket.put({ name: id, metadata }, contentOf(draft), { timeout: TIMEOUT_MS });
    } catch (error) {
      throw error instanceof JetStreamApiError && FULL.includes(error.code)
        ? new ArtifactError('full', `there is no room left in NATS for artifacts (${error.message})`, { cause: error })
        : error;
    }
  }
}

async function write(draft: FileHandle, content: AsyncIterable<Uint8Array>): Promise<{ id: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of content) {
    hash.update(piece);
    bytes += piece.length;
    await draft.writeFile(piece);
  }
  return { id: hash.digest('hex'), bytes };
}

/** A file from its beginning, as a stream that its reader pulls. */
function contentOf(file: FileHandle): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream({
    async pull(controller) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
      position += bytesRead;
      if (bytesRead === 0) controller.close();
      else controller.enqueue(buffer.subarray(0, bytesRead));
    },
  });
}
