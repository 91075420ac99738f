import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { createEventPublisher } from '../../../coordinator/nats/event-publisher.js';
import { clusterNames } from '../../../coordinator/nats/names.js';
import { NATS, NatsServers } from '../../nats/servers.js';
import { spec } from '../core/scenario.js';

describe('live events', () => {
  it('are published after the append, by study and type, with their position in the log', async (test) => {
    if (NATS.missing !== undefined) test.skip(NATS.missing);
    const servers = await NatsServers.start();
    const connection = await servers.connect();
    const subscription = connection.subscribe('assay.lab.events.>', { max: 4 });
    const log = openMemoryLog();
    let release = (): void => {};
    const durable = new Promise<void>((resolve) => {
      release = resolve;
    });
    const coordinator = await Coordinator.open({
      log: { ...log, append: (events, head) => durable.then(() => log.append(events, head)) },
      leaseMs: 60_000,
      onFailure: (error) => {
        throw error;
      },
    });
    const publisher = createEventPublisher(connection, clusterNames('lab'), pino({ level: 'silent' }));
    coordinator.follow(publisher);
    const create = (name: string, source: string) =>
      ({ type: 'CreateStudy', requestId: '', spec: spec({ name }), source, drawnSeed: 1 }) as const;
    const created = coordinator.submit(create('a.b', ''));
    await connection.flush();
    expect(subscription.getReceived()).toBe(0);
    release();
    await created;
    await coordinator.submit({ type: 'ControlStudy', study: 'a.b', action: 'pause' });
    // Too large for a message: it is announced all the same.
    await coordinator.submit(create('huge', 'x'.repeat(2_000_000)));
    publisher.publish([{ type: 'StudyPaused', study: 'a.b', at: 1 }], 2);
    const seen: unknown[] = [];
    for await (const { subject, headers, data } of subscription) {
      const omitted = headers?.get('Assay-Omitted') ?? '';
      seen.push([subject, headers?.get('Assay-Position'), headers?.get('Nats-Msg-Id'), data.length > 0, omitted]);
    }
    expect(seen).toEqual([
      ['assay.lab.events.a%2Eb.StudyCreated', '1', 'ASSAY_lab_LOG:1', true, ''],
      ['assay.lab.events.a%2Eb.StudyPaused', '2', 'ASSAY_lab_LOG:2', true, ''],
      ['assay.lab.events.huge.StudyCreated', '3', 'ASSAY_lab_LOG:3', false, 'payload too large'],
      ['assay.lab.events.a%2Eb.StudyPaused', '2', 'ASSAY_lab_LOG:2', true, ''],
    ]);
    await connection.close();
    await servers.close();
  });
});
