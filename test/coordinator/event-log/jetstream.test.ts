import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../coordinator/core/events.js';
import { encodeBatch } from '../../../coordinator/event-log/codec.js';
import { openJetStreamLog } from '../../../coordinator/event-log/jetstream.js';
import { type Batch, type ClusterLog, LogConflictError } from '../../../coordinator/event-log/port.js';
import { prepareLogStream } from '../../../coordinator/nats/log-stream.js';
import { type ClusterNames, clusterNames } from '../../../coordinator/nats/names.js';
import { startProxy } from '../../nats/proxy.js';
import { NATS, NatsServers } from '../../nats/servers.js';

const event = (at: number, study = 'digits'): Event => ({ type: 'StudyPaused', study, at });
const silent = pino({ level: 'silent' });

let servers: NatsServers;
let connection: NatsConnection;
let names: ClusterNames;
let log: ClusterLog;
let clusters = 0;

beforeAll(async () => {
  if (NATS.missing === undefined) servers = await NatsServers.start();
});
afterAll(() => servers?.close());
beforeEach(async (test) => {
  if (NATS.missing !== undefined) test.skip(NATS.missing);
  connection = await servers.connect();
  clusters += 1;
  names = clusterNames(`test${clusters}`);
  await prepareLogStream(connection, names, 1, silent, new AbortController().signal);
  log = await openJetStreamLog(connection, names);
  return async () => {
    await log.close();
    await connection.close();
  };
});

async function batchesOf(from: ClusterLog, after = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of from.read(after)) batches.push(batch);
  return batches;
}

/** More than a message may hold: three parts. */
const large = (): Event[] => [event(1, 'x'.repeat(2_500_000)), event(2)];

/** Puts a message into the log as a writer would that died before its next one. */
async function leaveBehind(part: string): Promise<void> {
  const hdrs = headers();
  hdrs.set('Assay-Nonce', 'dead:1');
  hdrs.set('Assay-Part', part);
  await jetstream(connection).publish(names.logSubject, encodeBatch([event(9)]).slice(0, 10), { headers: hdrs });
}

describe('a batch that is larger than a message may be (J1)', () => {
  it('goes in as several and comes back whole', async () => {
    expect(await log.append([event(0)], 0)).toBe(1);
    const head = await log.append(large(), 1);
    expect(head).toBe(4);
    expect(await log.append([event(3)], head)).toBe(5);
    expect(await batchesOf(log)).toEqual([
      { seq: 1, events: [event(0)] },
      { seq: 4, events: large() },
      { seq: 5, events: [event(3)] },
    ]);
    expect((await batchesOf(log, 4)).map(({ seq }) => seq)).toEqual([5]);
  });

  it('that was never finished does not count, and is appended behind', async () => {
    await log.append([event(1)], 0);
    await leaveBehind('1/3');
    await leaveBehind('2/3');
    const next = await openJetStreamLog(connection, names);
    expect(await batchesOf(next)).toEqual([{ seq: 1, events: [event(1)] }]);
    expect(await next.append([event(2)], 1)).toBe(4);
    for (const reader of [log, next]) {
      expect(await batchesOf(reader)).toEqual([
        { seq: 1, events: [event(1)] },
        { seq: 4, events: [event(2)] },
      ]);
    }
    // Whoever has not read the void parts is not the only writer.
    const blind = await openJetStreamLog(connection, names);
    await expect(blind.append([event(3)], 1)).rejects.toThrow(LogConflictError);
  });

  it('is void when another writer comes between its parts', async () => {
    const hindered = openJetStreamLog(connection, names);
    const [one, two] = await Promise.allSettled([
      (await hindered).append(large(), 0),
      (async () => {
        const manager = await jetstreamManager(connection);
        while ((await manager.streams.info(names.logStream)).state.last_seq === 0);
        await batchesOf(log);
        return log.append([event(7)], 0);
      })(),
    ]);
    expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
    const reader = await openJetStreamLog(connection, names);
    expect((await batchesOf(reader)).map(({ events }) => events.length)).toEqual([one.status === 'fulfilled' ? 2 : 1]);
  });
});

describe('an append whose answer is lost (J2)', () => {
  it('is found in the log by its nonce, and is not there twice', async () => {
    const proxy = await startProxy(servers.addresses[0]!);
    const far = await connect({
      servers: [proxy.address],
      ignoreClusterUpdates: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 20,
    });
    const distant = await openJetStreamLog(far, names);
    expect(await distant.append([event(1)], 0)).toBe(1);
    proxy.deafen();
    const appended = distant.append([event(2)], 1);
    const manager = await jetstreamManager(connection);
    while ((await manager.streams.info(names.logStream)).state.last_seq < 2);
    proxy.heal();
    expect(await appended).toBe(2);
    expect(await distant.append([event(3)], 2)).toBe(3);
    expect(await batchesOf(log)).toHaveLength(3);
    await distant.close();
    await far.close();
    await proxy.close();
  });

  it('is a conflict when the log has another one in its place', async () => {
    const proxy = await startProxy(servers.addresses[0]!);
    const far = await connect({
      servers: [proxy.address],
      ignoreClusterUpdates: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 20,
    });
    const distant = await openJetStreamLog(far, names);
    await distant.append([event(1)], 0);
    await log.append([event(2)], 1);
    proxy.deafen();
    const appended = distant.append([event(3)], 1);
    const refused = appended.catch((error: unknown) => error);
    proxy.heal();
    expect(await refused).toBeInstanceOf(LogConflictError);
    expect(await batchesOf(log)).toHaveLength(2);
    await far.close();
    await proxy.close();
  });
});

describe('a server that dies', () => {
  it('is waited for by appends, reads and followers, and nothing is lost', async () => {
    await log.append([event(1)], 0);
    const seen: number[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const { seq } of log.follow(0, stop.signal)) {
        seen.push(seq);
        if (seq === 3) stop.abort();
      }
    })();
    await servers.kill(0);
    const appended = log.append([event(2)], 1);
    const read = batchesOf(log);
    servers.up(0);
    expect(await appended).toBe(2);
    expect((await read).length).toBeGreaterThanOrEqual(1);
    expect(await log.append([event(3)], 2)).toBe(3);
    await following;
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('a reader of a long log', () => {
  it('gets all of it, though the servers die under it again and again', { timeout: 120_000 }, async () => {
    const three = await NatsServers.start({ count: 3 });
    const near = await three.connect();
    await prepareLogStream(near, names, 3, silent, new AbortController().signal);
    const writer = await openJetStreamLog(near, names);
    const length = 2500;
    const written: Promise<unknown>[] = [];
    for (let head = 0; head < length; head += 1)
      written.push(near.request(names.logSubject, encodeBatch([event(head)])));
    await Promise.all(written);
    const stop = new AbortController();
    let deaths = 0;
    const die = async (): Promise<void> => {
      await three.ready();
      const victim = (await three.leaderOf(near, names.logStream)) ?? 0;
      await three.kill(victim);
      three.up(victim);
      deaths += 1;
    };
    const count = async (batches: AsyncIterable<Batch>): Promise<number> => {
      let seen = 0;
      for await (const { seq } of batches) {
        seen += 1;
        expect(seq).toBe(seen);
        // More is on its way than this: what comes next is asked for while the server is gone.
        if (seen % 700 === 0) await die();
        if (seen === length) break;
      }
      return seen;
    };
    expect(await count(writer.read(0))).toBe(length);
    expect(await count(writer.follow(0, stop.signal))).toBe(length);
    expect(deaths).toBe(6);
    await writer.close();
    await near.close();
    await three.close();
  });
});

describe('a log that is closed', () => {
  it('gives up what it waited for', async () => {
    await log.append([event(1)], 0);
    await servers.kill(0);
    const appended = log.append([event(2)], 1);
    const failed = appended.catch(String);
    expect(await log.answers(60_000)).toBe(false);
    expect(log.reached).toBe(false);
    await log.close();
    expect(await failed).toMatch(/closed/);
    servers.up(0);
    await servers.ready();
  });
});
