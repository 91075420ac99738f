import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LeaderLease } from '../../../coordinator/cluster/lease.js';
import { openNatsLeaseEntry } from '../../../coordinator/nats/lease-entry.js';
import { type ClusterNames, clusterNames } from '../../../coordinator/nats/names.js';
import { NATS, NatsServers } from '../../nats/servers.js';

const setup = { replicas: 1, logger: pino({ level: 'silent' }), signal: new AbortController().signal };
const logWorks = { reached: true, answers: () => Promise.resolve(true) };
const nothingReached = { reached: false, answers: () => Promise.resolve(false) };

let servers: NatsServers;
let connection: NatsConnection;
let names: ClusterNames;
let stop: AbortController;
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
  stop = new AbortController();
  return async () => {
    stop.abort();
    await connection.close();
  };
});

const open = async (id: string, over: NatsConnection = connection): Promise<LeaderLease> =>
  new LeaderLease(await openNatsLeaseEntry(over, names, setup), { id, address: `${id}:7070` }, setup.logger);

describe('the lease', () => {
  it('is held by one, and goes to another when it is not renewed', async () => {
    const [a, b] = [await open('a'), await open('b')];
    expect(await a.take(stop.signal)).toBe(true);
    const holding = new AbortController();
    const held = a.hold(holding.signal, logWorks);
    const taken = b.take(stop.signal);
    // Longer than it lives: it is renewed.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(b.leader).toBe('a:7070');
    holding.abort();
    expect(await held).toBe('');
    const before = performance.now();
    expect(await taken).toBe(true);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(b.leader).toBe('b:7070');
  });

  it('goes to another at once when it is released', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await a.take(stop.signal);
    const taken = b.take(stop.signal);
    await a.release();
    expect(await taken).toBe(true);
  });

  it('is lost, by name, when another one has it', async () => {
    const a = await open('a');
    await a.take(stop.signal);
    const held = a.hold(stop.signal, logWorks);
    const kv = await new Kvm(connection).open(names.leaseBucket);
    await kv.put(names.leaseKey, JSON.stringify({ id: 'b', address: 'b:7070' }));
    expect(await held).toBe('b:7070 has it now');
  });

  it('is taken anew when it ran out and nobody else has it', async () => {
    const a = await open('a');
    await a.take(stop.signal);
    const kv = await new Kvm(connection).open(names.leaseBucket);
    await kv.delete(names.leaseKey);
    const held = a.hold(stop.signal, logWorks);
    while ((await kv.get(names.leaseKey))?.operation !== 'PUT') await new Promise((resolve) => setImmediate(resolve));
    expect((await kv.get(names.leaseKey))!.json()).toEqual({ id: 'a', address: 'a:7070' });
    stop.abort();
    expect(await held).toBe('');
  });

  it.each([
    ['is kept while nobody can say whose it is, as long as the log works', logWorks, 'kept'],
    ['is given up soon by who reaches none of its servers', nothingReached, 'lost'],
  ])('%s', { timeout: 40_000 }, async (_, log, expected) => {
    const lone = await NatsServers.start();
    const far = await lone.connect();
    const lease = await open('a', far);
    await lease.take(stop.signal);
    const held = lease.hold(stop.signal, log);
    await lone.kill(0);
    const found = await Promise.race([held, new Promise((resolve) => setTimeout(resolve, 9_000, 'kept'))]);
    expect(found).toMatch(expected === 'kept' ? /^kept$/ : /not renewed for .* none of its servers/);
    stop.abort();
    await held;
    await far.close();
    await lone.close();
  });

  it('is confirmed by a renewal that comes after the question, and not by what was known before', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await a.take(stop.signal);
    void b.take(stop.signal);
    while (b.leader === undefined) await new Promise((resolve) => setImmediate(resolve));
    let confirmed: string | undefined;
    const asked = b.confirmed().then((leader) => {
      confirmed = leader;
    });
    // What was known before has come by now: two questions to the server and their answers have passed since.
    for (let i = 0; i < 2; i += 1) await connection.flush();
    expect(confirmed).toBeUndefined();
    void a.hold(stop.signal, logWorks);
    await asked;
    expect(confirmed).toBe('a:7070');
  });
});
