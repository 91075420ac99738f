import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ArtifactKeeper, createArtifactKeeper } from '../../../coordinator/artifacts/keeper.js';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import type { ArtifactStore } from '../../../coordinator/artifacts/port.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import type { SavedFiles } from '../../../coordinator/core/artifacts.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { spec, worker } from '../core/scenario.js';

const GRACE_MS = 1000;

let now: number;
let store: ArtifactStore;
let deletions: string[];
let coordinator: Coordinator;
let keeper: ArtifactKeeper;
beforeEach(async () => {
  now = 1_000_000;
  deletions = [];
  const inner = openMemoryArtifacts(new Map(), () => now);
  store = {
    ...inner,
    async delete(id) {
      deletions.push(id);
      await inner.delete(id);
    },
  };
  coordinator = await Coordinator.open({
    log: openMemoryLog(),
    leaseMs: 60_000,
    onFailure: (error) => expect.fail(String(error)),
  });
  keeper = createArtifactKeeper({
    artifacts: store,
    coordinator,
    logger: pino({ level: 'silent' }),
    graceMs: GRACE_MS,
    now: () => now,
  });
  await coordinator.submit({ type: 'CreateStudy', requestId: '', spec: spec(), source: '', drawnSeed: 1 });
  await coordinator.submit({ type: 'AttachWorker', profile: worker('w1'), holds: [] });
  await progress({ reports: [1, 2].map((step) => ({ ...ATTEMPT, step, metrics: { value: 1 } })) });
});

const ATTEMPT = { study: 'digits', trial: 0, attempt: 1 };

async function put(text: string): Promise<string> {
  async function* content(): AsyncIterable<Uint8Array> {
    yield Buffer.from(text);
  }
  return (await store.put(content())).id;
}

const progress = (more: object) =>
  coordinator.submit({
    type: 'RecordProgress',
    worker: 'w1',
    started: [],
    reports: [],
    saved: [],
    results: [],
    ...more,
  });

const save = (step: number, artifact: string) => {
  const saved: SavedFiles = { kind: 'checkpoint', step, files: [{ name: 'state', artifact, bytes: 1 }] };
  return progress({ saved: [{ ...ATTEMPT, ...saved }] });
};

describe('the keeper of artifacts', () => {
  it('deletes what nothing came to refer to, when its time is over and not before', async () => {
    const orphan = await put('orphan');
    const kept = await put('kept');
    await save(1, kept);
    expect(await keeper.sweep()).toBe(0);
    now += GRACE_MS - 1;
    expect(await keeper.sweep()).toBe(0);
    now += 1;
    expect(await keeper.sweep()).toBe(1);
    expect(await store.has(orphan)).toBeUndefined();
    expect(await store.has(kept)).toBe(4);
  });

  it('counts the time of an upload anew when it is asked for again', async () => {
    const orphan = await put('orphan');
    await keeper.sweep();
    now += GRACE_MS;
    await store.renew(orphan);
    now += 1;
    expect(await keeper.sweep()).toBe(0);
    now += GRACE_MS;
    expect(await keeper.sweep()).toBe(1);
  });

  it('does not believe those who say how old an upload is', async () => {
    now -= 10 * GRACE_MS;
    await put('stored by a machine whose clock is behind');
    now += 10 * GRACE_MS;
    expect(await keeper.sweep()).toBe(0);
  });

  it('deletes at once what an event lets go of', async () => {
    const [first, second] = [await put('first'), await put('second')];
    await save(1, first);
    await save(2, second);
    await keeper.settled();
    expect(deletions).toEqual([first]);
    await progress({ results: [{ ...ATTEMPT, outcome: 'completed', error: '' }] });
    await keeper.settled();
    expect(deletions).toEqual([first, second]);
  });

  it('says which artifacts are there', async () => {
    const here = await put('here');
    const { present } = await keeper.claim([here, '0'.repeat(64)]);
    expect([...present]).toEqual([here]);
  });

  it('deletes nothing that an event is about to refer to', async () => {
    const [first, second] = [await put('first'), await put('second')];
    await save(1, first);
    const claim = await keeper.claim([first]);
    await save(2, second);
    await keeper.sweep();
    now += 2 * GRACE_MS;
    await keeper.sweep();
    expect(await store.has(first)).toBe(5);
    claim.release();
    await keeper.sweep();
    now += GRACE_MS;
    await keeper.sweep();
    expect(await store.has(first)).toBeUndefined();
  });

  it('goes on after a deletion that failed', async () => {
    const [first, second] = [await put('first'), await put('second')];
    await save(1, first);
    const { delete: remove } = store;
    store.delete = () => Promise.reject(new Error('the disk is away'));
    await save(2, second);
    await keeper.settled();
    store.delete = remove;
    await keeper.sweep();
    now += 2 * GRACE_MS;
    expect(await keeper.sweep()).toBe(1);
    expect(await store.has(second)).toBe(6);
  });
});

it('a coordinator that was overtaken while it slept deletes nothing', async () => {
  const records: string[] = [];
  const open = (onFailure: (error: unknown) => void): Promise<Coordinator> =>
    Coordinator.open({ log: openMemoryLog(records), leaseMs: 60_000, onFailure });
  const failures: unknown[] = [];
  const sleeper = await open((error) => failures.push(error));
  const logger = pino({ level: 'silent' });
  const stale = createArtifactKeeper({
    artifacts: store,
    coordinator: sleeper,
    logger,
    graceMs: GRACE_MS,
    now: () => now,
  });
  await sleeper.submit({ type: 'CreateStudy', requestId: '', spec: spec(), source: '', drawnSeed: 1 });
  coordinator = await open((error) => expect.fail(String(error)));
  await coordinator.submit({ type: 'AttachWorker', profile: worker('w1'), holds: [] });
  const artifact = await put('of the successor');
  const saved = { kind: 'output', step: 0, files: [{ name: 'output', artifact, bytes: 1 }] } as const;
  await progress({ saved: [{ ...ATTEMPT, ...saved }] });
  await stale.sweep();
  now += 2 * GRACE_MS;
  await stale.sweep();
  expect(await store.has(artifact)).toBeDefined();
  expect(String(failures[0])).toContain('another coordinator has written');
});
