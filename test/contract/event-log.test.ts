import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../coordinator/core/events.js';
import { openJetStreamLog } from '../../coordinator/event-log/jetstream.js';
import { openMemoryLog } from '../../coordinator/event-log/memory.js';
import { type Batch, type EventLog, LogConflictError } from '../../coordinator/event-log/port.js';
import { openSqliteLog } from '../../coordinator/event-log/sqlite.js';
import { prepareLogStream } from '../../coordinator/nats/log-stream.js';
import { clusterNames } from '../../coordinator/nats/names.js';
import { NATS, NatsServers } from '../nats/servers.js';

/** Opens any number of logs over one store, as several processes would. */
interface Store {
  open(): EventLog | Promise<EventLog>;
  dispose(): void | Promise<void>;
}
type Adapter = () => Store | Promise<Store>;

const adapters: Record<string, Adapter> = {
  memory: () => {
    const store: string[] = [];
    return { open: () => openMemoryLog(store), dispose: () => {} };
  },
  sqlite: () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-log-'));
    return {
      open: () => openSqliteLog(path.join(folder, 'log.db')),
      dispose: () => rmSync(folder, { recursive: true }),
    };
  },
  jetstream: async () => {
    const connection = await servers!.connect();
    clusters += 1;
    const names = clusterNames(`test${clusters}`);
    await prepareLogStream(connection, names, 1, pino({ level: 'silent' }), new AbortController().signal);
    return { open: () => openJetStreamLog(connection, names), dispose: () => connection.close() };
  },
};

let servers: NatsServers | undefined;
let clusters = 0;
beforeAll(async () => {
  if (NATS.missing === undefined) servers = await NatsServers.start();
});
afterAll(() => servers?.close());

const event = (at: number): Event => ({ type: 'StudyPaused', study: 'digits', at });

async function batchesOf(log: EventLog, after = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of log.read(after)) batches.push(batch);
  return batches;
}

describe.each(Object.entries(adapters))('the %s event log', (name, createAdapter) => {
  let adapter: Store;
  let log: EventLog;
  beforeEach(async (test) => {
    if (name === 'jetstream' && NATS.missing !== undefined) test.skip(NATS.missing);
    adapter = await createAdapter();
    log = await adapter.open();
    return async () => {
      await log.close();
      await adapter.dispose();
    };
  });

  it('is empty at first', async () => {
    expect(await batchesOf(log)).toEqual([]);
  });

  it('numbers batches from 1 and gives them back whole and in order', async () => {
    expect(await log.append([event(1), event(2)], 0)).toBe(1);
    expect(await log.append([event(3)], 1)).toBe(2);
    expect(await batchesOf(log)).toEqual([
      { seq: 1, events: [event(1), event(2)] },
      { seq: 2, events: [event(3)] },
    ]);
  });

  it('reads only what comes after a batch', async () => {
    for (let head = 0; head < 5; head += 1) await log.append([event(head)], head);
    expect((await batchesOf(log, 3)).map(({ seq }) => seq)).toEqual([4, 5]);
    expect(await batchesOf(log, 5)).toEqual([]);
  });

  it('reads up to the head at the time of the call, whatever is appended meanwhile', async () => {
    await log.append([event(1)], 0);
    const seen: number[] = [];
    for await (const { seq } of log.read(0)) {
      seen.push(seq);
      if (seq < 10) await log.append([event(seq)], seq);
    }
    expect(seen).toEqual([1]);
  });

  it('reads logs longer than one chunk', async () => {
    for (let head = 0; head < 2345; head += 1) await log.append([event(head)], head);
    const batches = await batchesOf(log);
    expect(batches.map(({ seq }) => seq)).toEqual(Array.from({ length: 2345 }, (_, i) => i + 1));
  });

  it.each([
    ['behind', 0],
    ['ahead of', 2],
  ])('refuses an append that is %s the head, and stays as it was', async (_, head) => {
    await log.append([event(1)], 0);
    await expect(log.append([event(2)], head)).rejects.toThrow(LogConflictError);
    expect(await batchesOf(log)).toHaveLength(1);
    expect(await log.append([event(3)], 1)).toBe(2);
  });

  it('lets only one of two writers through at a head', async () => {
    const other = await adapter.open();
    const appends = await Promise.allSettled([log.append([event(1)], 0), other.append([event(2)], 0)]);
    expect(appends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await batchesOf(log)).toHaveLength(1);
    await other.close();
  });

  it('refuses an empty batch', async () => {
    await expect(log.append([], 0)).rejects.toThrow(RangeError);
  });

  it('keeps what JSON has no word for', async () => {
    const metrics = { loss: 'NaN', gain: 'Infinity', pain: '-Infinity', accuracy: 0.1 } as const;
    const report: Event = { type: 'TrialReported', study: 'ä "x"\n', trial: 0, attempt: 1, at: 1, step: 1, metrics };
    await log.append([report], 0);
    expect((await batchesOf(log))[0]!.events).toEqual([report]);
  });

  it('says how far it has come and what it takes, whoever wrote to it', async () => {
    const empty = await log.extent();
    expect(empty.head).toBe(0);
    const other = await adapter.open();
    for (let head = 0; head < 100; head += 1) await other.append([event(head), event(head)], head);
    await other.close();
    const full = await log.extent();
    expect(full.head).toBe(100);
    const { length } = JSON.stringify([event(1), event(1)]);
    expect(full.bytes - empty.bytes).toBeGreaterThan(100 * length * 0.8);
    expect(full.bytes - empty.bytes).toBeLessThan(100 * length * 100);
  });

  it('still has everything after it was closed and opened again', async () => {
    await log.append([event(1)], 0);
    await log.close();
    log = await adapter.open();
    expect(await batchesOf(log)).toEqual([{ seq: 1, events: [event(1)] }]);
    expect(await log.append([event(2)], 1)).toBe(2);
  });
});
