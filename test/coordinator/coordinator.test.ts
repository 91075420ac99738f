import { describe, expect, it } from 'vitest';
import { Coordinator } from '../../coordinator/coordinator.js';
import type { Event } from '../../coordinator/core/events.js';
import { openMemoryLog } from '../../coordinator/event-log/memory.js';
import type { EventLog } from '../../coordinator/event-log/port.js';
import { spec, worker } from './core/scenario.js';

/** A log whose appends become durable when the test says so. */
function slowLog() {
  const inner = openMemoryLog();
  const waiting: (() => void)[] = [];
  const asked: Event[][] = [];
  const log: EventLog = {
    ...inner,
    async append(events, head) {
      asked.push([...events]);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return inner.append(events, head);
    },
  };
  return { log, asked, release: () => waiting.shift()?.() };
}

const create = (name: string) =>
  ({ type: 'CreateStudy', requestId: '', spec: spec({ name }), source: '', drawnSeed: 1 }) as const;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    if (turns > 10_000) throw new Error('waited in vain');
    await turn();
  }
}

async function open(log: EventLog, onFailure: (error: unknown) => void = fail): Promise<Coordinator> {
  return Coordinator.open({ log, leaseMs: 60_000, clock: () => 1000, onFailure });
}

function fail(error: unknown): never {
  throw error;
}

describe('nothing is visible before it is durable', () => {
  it('no reply, no event and no view leaves before the append returns', async () => {
    const { log, asked, release } = slowLog();
    const coordinator = await open(log);
    const seen: string[] = [];
    coordinator.follow({
      events: (events) => seen.push(...events.map(({ type }) => type)),
      committed: () => seen.push('committed'),
    });
    coordinator.post(create('a'), () => seen.push('reply'));
    await until(() => asked.length === 1);
    const view = coordinator
      .view(({ state }) => [...state.studies.keys()])
      .then((studies) => seen.push(`view ${studies.join()}`));
    for (let i = 0; i < 20; i += 1) await turn();
    expect(seen).toEqual([]);
    release();
    await view;
    expect(seen).toEqual(['reply', 'StudyCreated', 'committed', 'view a']);
  });

  it('a failed append shows nothing and ends everything', async () => {
    const failures: unknown[] = [];
    const log: EventLog = { ...openMemoryLog(), append: () => Promise.reject(new Error('disk full')) };
    const coordinator = await open(log, (error) => failures.push(error));
    const seen: string[] = [];
    coordinator.follow({ events: () => seen.push('events'), committed: () => seen.push('committed') });
    coordinator.post(create('a'), () => seen.push('reply'));
    coordinator.post(create('b'), () => seen.push('reply'));
    await until(() => failures.length > 0);
    coordinator.post(create('c'), () => seen.push('reply'));
    for (let i = 0; i < 20; i += 1) await turn();
    expect(failures).toEqual([new Error('disk full')]);
    expect(seen).toEqual([]);
  });
});

describe('group commit', () => {
  it('writes what queued during an append as one batch', async () => {
    const { log, asked, release } = slowLog();
    const coordinator = await open(log);
    coordinator.post(create('a'), () => {});
    await until(() => asked.length === 1);
    for (const name of ['b', 'c', 'd']) coordinator.post(create(name), () => {});
    release();
    await until(() => asked.length === 2);
    expect(asked.map((events) => events.map(({ study }) => study))).toEqual([['a'], ['b', 'c', 'd']]);
    release();
    await coordinator.settled();
  });

  it('writes nothing for a command that changes nothing', async () => {
    const { log, asked } = slowLog();
    const coordinator = await open(log);
    const outcome = await coordinator.submit({ type: 'HearWorker', worker: 'w1', holds: [] });
    expect(outcome.ok).toBe(true);
    expect(asked).toEqual([]);
  });
});

describe('a restart', () => {
  it('goes on where the log ends', async () => {
    const store: string[] = [];
    const first = await open(openMemoryLog(store));
    await first.submit(create('a'));
    await first.submit({ type: 'AttachWorker', profile: worker('w1'), holds: [] });
    const second = await open(openMemoryLog(store));
    const seen = await second.view(({ state, fleet }) => ({
      running: state.studies.get('a')!.running.size,
      leases: [...fleet.workers.values()].map(({ id, attempts }) => [id, attempts.size]),
    }));
    expect(seen).toEqual({ running: 1, leases: [['w1', 1]] });
    await second.submit(create('b'));
    expect(store).toHaveLength(3);
  });

  it('of another coordinator on the same log stops the first one at its next write', async () => {
    const store: string[] = [];
    const failures: unknown[] = [];
    const first = await open(openMemoryLog(store), (error) => failures.push(error));
    const second = await open(openMemoryLog(store));
    await second.submit(create('b'));
    first.post(create('a'), () => fail(new Error('replied')));
    await until(() => failures.length > 0);
    expect(String(failures[0])).toMatch(/LogConflictError/);
    expect(store).toHaveLength(1);
  });

  it('of another coordinator is noticed before an attempt is abandoned that only the other one knows', async () => {
    const store: string[] = [];
    const failures: unknown[] = [];
    const first = await open(openMemoryLog(store), (error) => failures.push(error));
    const second = await open(openMemoryLog(store));
    await second.submit(create('a'));
    await second.submit({ type: 'AttachWorker', profile: worker('w1'), holds: [] });
    const holds = [{ study: 'a', trial: 0, attempt: 1 }];
    first.post({ type: 'AttachWorker', profile: worker('w1'), holds }, () => fail(new Error('replied')));
    await until(() => failures.length > 0);
    expect(String(failures[0])).toMatch(/LogConflictError/);
  });

  it('of another coordinator is noticed by one that has nothing to write', async () => {
    const store: string[] = [];
    const failures: unknown[] = [];
    const first = await open(openMemoryLog(store), (error) => failures.push(error));
    await first.submit({ type: 'CheckDeadlines' });
    const second = await open(openMemoryLog(store));
    await second.submit(create('a'));
    first.post({ type: 'CheckDeadlines' }, () => fail(new Error('replied')));
    await until(() => failures.length > 0);
    expect(String(failures[0])).toMatch(/LogConflictError/);
  });

  it('lets an attempt be abandoned that no log knows', async () => {
    const coordinator = await open(openMemoryLog());
    const holds = [{ study: 'of an older log', trial: 0, attempt: 1 }];
    const outcome = await coordinator.submit({ type: 'AttachWorker', profile: worker('w1'), holds });
    expect(outcome).toMatchObject({ ok: true, reply: { abandoned: holds } });
  });
});
