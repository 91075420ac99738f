import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryArtifacts } from '../../coordinator/artifacts/directory.js';
import { type MemoryArtifacts, openMemoryArtifacts } from '../../coordinator/artifacts/memory.js';
import { openNatsArtifacts } from '../../coordinator/artifacts/nats.js';
import { type ArtifactStore, isArtifactId, type StoredArtifact } from '../../coordinator/artifacts/port.js';
import { clusterNames } from '../../coordinator/nats/names.js';
import { NATS, NatsServers } from '../nats/servers.js';

interface Place {
  /** Opens the store, again after a close as the next process would. */
  open(): ArtifactStore | Promise<ArtifactStore>;
  /** Changes one byte of what is stored, behind the store's back. */
  spoil(id: string): void | Promise<void>;
  dispose(): void | Promise<void>;
}

const adapters: Record<string, () => Place | Promise<Place>> = {
  memory: () => {
    const contents: MemoryArtifacts = new Map();
    return {
      open: () => openMemoryArtifacts(contents),
      spoil: (id) => {
        contents.get(id)!.content[0]! ^= 1;
      },
      dispose: () => {},
    };
  },
  directory: () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-artifacts-'));
    return {
      open: () => openDirectoryArtifacts(folder),
      spoil: (id) => {
        const file = path.join(folder, id.slice(0, 2), id);
        const content = readFileSync(file);
        content[0]! ^= 1;
        writeFileSync(file, content);
      },
      dispose: () => rmSync(folder, { recursive: true }),
    };
  },
  nats: async () => {
    const connection = await servers!.connect();
    clusters += 1;
    const names = clusterNames(`test${clusters}`);
    const setup = { replicas: 1, logger: pino({ level: 'silent' }), signal: new AbortController().signal };
    return {
      open: () => openNatsArtifacts(connection, names, setup),
      spoil: async (id) => {
        const bucket = await new Objm(connection).open(names.artifactBucket);
        const { nuid } = (await bucket.info(id))!;
        const content = (await bucket.getBlob(id))!;
        content[0]! ^= 1;
        const subject = `$O.${names.artifactBucket}.C.${nuid}`;
        const manager = await jetstreamManager(connection);
        await manager.streams.purge(`OBJ_${names.artifactBucket}`, { filter: subject });
        await jetstream(connection).publish(subject, content);
      },
      dispose: () => connection.close(),
    };
  },
};

let servers: NatsServers | undefined;
let clusters = 0;
beforeAll(async () => {
  if (NATS.missing === undefined) servers = await NatsServers.start();
});
afterAll(() => servers?.close());

const idOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

async function* pieces(...all: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const piece of all) yield Buffer.from(piece);
}

async function contentOf(store: ArtifactStore, id: string): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const piece of store.get(id)) read.push(Buffer.from(piece));
  return Buffer.concat(read);
}

async function listed(store: ArtifactStore): Promise<StoredArtifact[]> {
  const all: StoredArtifact[] = [];
  for await (const one of store.list()) all.push(one);
  return all.sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe.each(Object.entries(adapters))('the %s artifact store', (name, createPlace) => {
  let place: Place;
  let store: ArtifactStore;
  beforeEach(async (test) => {
    if (name === 'nats' && NATS.missing !== undefined) test.skip(NATS.missing);
    place = await createPlace();
    store = await place.open();
    return async () => {
      await store.close();
      await place.dispose();
    };
  });

  it('is empty at first', async () => {
    expect(await listed(store)).toEqual([]);
    expect(await store.has('0'.repeat(64))).toBeUndefined();
  });

  it('names content by its SHA-256, however it is cut', async () => {
    const { id, bytes } = await store.put(pieces('wei', '', 'ghts'));
    expect(id).toBe(idOf(Buffer.from('weights')));
    expect(bytes).toBe(7);
    expect((await contentOf(store, id)).toString()).toBe('weights');
    expect(await store.has(id)).toBe(7);
  });

  it('gives back any content, the empty one too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), async (all) => {
        const whole = Buffer.concat(all);
        const { id, bytes } = await store.put(pieces(...all), idOf(whole));
        expect(bytes).toBe(whole.length);
        expect((await contentOf(store, id)).equals(whole)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('gives back content of many pieces', async () => {
    const whole = randomBytes(3_000_001);
    const { id } = await store.put(pieces(whole.subarray(0, 1_000_000), whole.subarray(1_000_000)));
    expect((await contentOf(store, id)).equals(whole)).toBe(true);
  });

  it('does not keep pieces that their owner uses again', async () => {
    const buffer = Buffer.from('aaaa');
    async function* reused(): AsyncIterable<Uint8Array> {
      yield buffer;
      buffer.fill('b');
      yield buffer;
    }
    const { id } = await store.put(reused());
    expect((await contentOf(store, id)).toString()).toBe('aaaabbbb');
  });

  it('refuses content that was announced with another hash, and keeps nothing of it', async () => {
    const announced = idOf(Buffer.from('right'));
    await expect(store.put(pieces('wrong'), announced)).rejects.toMatchObject({ code: 'mismatch' });
    expect(await listed(store)).toEqual([]);
  });

  it('keeps nothing of content that breaks off, and passes on why', async () => {
    async function* broken(): AsyncIterable<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('the line went dead');
    }
    await expect(store.put(broken())).rejects.toThrow('the line went dead');
    expect(await listed(store)).toEqual([]);
  });

  it('lists each artifact once, with its size and its time', async () => {
    const before = Date.now() - 1000;
    const { id: a } = await store.put(pieces('a'));
    const { id: b } = await store.put(pieces('bb'));
    await store.put(pieces('a'));
    const all = await listed(store);
    expect(new Map(all.map(({ id, bytes }) => [id, bytes]))).toEqual(
      new Map([
        [a, 1],
        [b, 2],
      ]),
    );
    expect(all).toHaveLength(2);
    for (const { storedAt } of all) expect(storedAt).toBeGreaterThan(before);
  });

  it('renews what is there, and says when it is not', async () => {
    const { id } = await store.put(pieces('old'));
    const [before] = await listed(store);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await store.renew(id)).toBe(true);
    expect((await listed(store))[0]!.storedAt).toBeGreaterThan(before!.storedAt);
    expect(await store.renew('0'.repeat(64))).toBe(false);
    expect(await listed(store)).toHaveLength(1);
  });

  it('deletes, also what is not there', async () => {
    const { id } = await store.put(pieces('old'));
    await store.delete(id);
    await store.delete(id);
    expect(await store.has(id)).toBeUndefined();
    await expect(contentOf(store, id)).rejects.toMatchObject({ code: 'missing' });
  });

  it('never gives out damaged content in silence, and is mended by the next put', async () => {
    const { id } = await store.put(pieces('precious'));
    await place.spoil(id);
    await expect(contentOf(store, id)).rejects.toMatchObject({ code: 'damaged' });
    await store.put(pieces('precious'));
    expect((await contentOf(store, id)).toString()).toBe('precious');
  });

  it('lets two put the same at once', async () => {
    const whole = randomBytes(200_000);
    const ids = await Promise.all([1, 2, 3].map(async () => (await store.put(pieces(whole))).id));
    expect(new Set(ids)).toEqual(new Set([idOf(whole)]));
    expect((await contentOf(store, ids[0]!)).equals(whole)).toBe(true);
  });

  it('still has everything after it was closed and opened again', async () => {
    const { id } = await store.put(pieces('kept'));
    await store.close();
    store = await place.open();
    expect((await contentOf(store, id)).toString()).toBe('kept');
    expect(await listed(store)).toHaveLength(1);
  });

  it.each(['', '../../etc/passwd', 'A'.repeat(64), `${'0'.repeat(63)}/`, '0'.repeat(65)])(
    'takes nothing for a name that is no hash: %j',
    async (id) => {
      expect(isArtifactId(id)).toBe(false);
      await expect(store.renew(id)).rejects.toMatchObject({ code: 'invalid' });
      await expect(store.has(id)).rejects.toMatchObject({ code: 'invalid' });
      await expect(store.delete(id)).rejects.toMatchObject({ code: 'invalid' });
      await expect(contentOf(store, id)).rejects.toMatchObject({ code: 'invalid' });
      await expect(store.put(pieces('x'), id)).rejects.toMatchObject({ code: 'invalid' });
    },
  );
});

describe('the directory artifact store', () => {
  it('clears away what a process that died left unfinished', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-artifacts-'));
    try {
      const store = openDirectoryArtifacts(folder);
      await store.put(pieces('whole'));
      writeFileSync(path.join(folder, 'unfinished', 'half'), 'ha');
      const next = openDirectoryArtifacts(folder);
      expect(readdirSync(path.join(folder, 'unfinished'))).toEqual([]);
      expect(await listed(next)).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
