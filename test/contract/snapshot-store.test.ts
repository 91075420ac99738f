import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clusterNames } from '../../coordinator/nats/names.js';
import { openDirectorySnapshots } from '../../coordinator/snapshots/directory.js';
import { openMemorySnapshots } from '../../coordinator/snapshots/memory.js';
import { openNatsSnapshots } from '../../coordinator/snapshots/nats.js';
import type { SnapshotStore } from '../../coordinator/snapshots/port.js';
import { NATS, NatsServers } from '../nats/servers.js';

interface Place {
  /** Opens the store, again after a close as the next process would. */
  open(): SnapshotStore | Promise<SnapshotStore>;
  dispose(): void | Promise<void>;
}

const adapters: Record<string, () => Place | Promise<Place>> = {
  memory: () => {
    const texts = new Map<string, string>();
    return { open: () => openMemorySnapshots(texts), dispose: () => {} };
  },
  directory: () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-snapshots-'));
    return { open: () => openDirectorySnapshots(folder), dispose: () => rmSync(folder, { recursive: true }) };
  },
  nats: async () => {
    const connection = await servers!.connect();
    clusters += 1;
    const setup = { replicas: 1, logger: pino({ level: 'silent' }), signal: new AbortController().signal };
    return {
      open: () => openNatsSnapshots(connection, clusterNames(`test${clusters}`), setup),
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

async function* pieces(...all: string[]): AsyncIterable<string> {
  yield* all;
}

async function textOf(store: SnapshotStore, name: string): Promise<string | undefined> {
  const bytes = await store.get(name);
  if (bytes === undefined) return undefined;
  const all: Uint8Array[] = [];
  for await (const piece of bytes) all.push(piece);
  return Buffer.concat(all).toString();
}

describe.each(Object.entries(adapters))('the %s snapshot store', (name, createPlace) => {
  let place: Place;
  let store: SnapshotStore;
  beforeEach(async ({ skip }) => {
    if (name === 'nats' && NATS.missing !== undefined) skip(NATS.missing);
    place = await createPlace();
    store = await place.open();
  });
  afterEach(() => place?.dispose());

  it('gives a text back as it was, also to the next process', async () => {
    await store.put('state-7', pieces('ä'.repeat(100_000), '\n', 'end\n'));
    expect(await textOf(store, 'state-7')).toBe(`${'ä'.repeat(100_000)}\nend\n`);
    await store.close();
    expect(await textOf(await place.open(), 'state-7')).toContain('end');
  });

  it('lists what is there', async () => {
    expect(await store.list()).toEqual([]);
    await store.put('state-1', pieces('a'));
    await store.put('study-x-1', pieces('b'));
    expect([...(await store.list())].sort()).toEqual(['state-1', 'study-x-1']);
  });

  it('has one text to a name: the newest', async () => {
    await store.put('state-1', pieces('old'));
    await store.put('state-1', pieces('new'));
    expect(await textOf(store, 'state-1')).toBe('new');
    expect(await store.list()).toEqual(['state-1']);
  });

  it('forgets what is deleted, and deletes what is not there', async () => {
    await store.put('state-1', pieces('a'));
    await store.delete('state-1');
    await store.delete('state-1');
    expect(await store.get('state-1')).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  it('leaves a name as it was when its text fails', async () => {
    await store.put('state-1', pieces('whole'));
    const failing = async function* (): AsyncIterable<string> {
      yield 'half';
      throw new Error('no more of it');
    };
    await expect(store.put('state-1', failing())).rejects.toThrow('no more of it');
    await expect(store.put('state-2', failing())).rejects.toThrow('no more of it');
    expect(await textOf(store, 'state-1')).toBe('whole');
    expect(await store.get('state-2')).toBeUndefined();
    expect(await store.list()).toEqual(['state-1']);
  });
});

it('what a dead process left unfinished in a folder is no snapshot, and is removed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-snapshots-'));
  try {
    writeFileSync(path.join(folder, 'state-9.unfinished'), 'half');
    expect(await openDirectorySnapshots(folder).list()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
