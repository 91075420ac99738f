import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Assignment } from '../../proto/index.js';
import { createSlots, type Slots, type SlotsOptions } from '../../worker/slots.js';
import { assignment } from './fake-coordinator.js';
import { PLAIN_SLOTS } from './plain-slots.js';
import { type RecordedAttempt, recordAttempt } from './recorded-attempt.js';

const childPath = fileURLToPath(new URL('./fixtures/child.mjs', import.meta.url));

let slots: Slots;

function open(overrides: Partial<SlotsOptions> = {}): Slots {
  slots = createSlots({
    slots: 1,
    backend: 'auto',
    data: { offline: true },
    stopGraceMs: 60_000,
    ...PLAIN_SLOTS,
    logger: pino({ level: 'silent' }),
    childPath,
    ...overrides,
  });
  return slots;
}

interface Started extends RecordedAttempt {
  stop(): void;
  kill(): void;
}

/** Starts an attempt whose process does what `config` says. */
function start(config: object, overrides: Partial<Assignment> = {}): Started {
  const recorded = recordAttempt();
  const running = slots.start(assignment(0, { configJson: JSON.stringify(config), ...overrides }), recorded);
  return Object.assign(recorded, { stop: () => running.stop(false), kill: () => running.kill() });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

afterEach(() => slots.close());

describe('an attempt in a process', () => {
  it('tells its start, its reports with whatever numbers they hold, and its end', async () => {
    open();
    const attempt = start({ reports: [0.5, 'NaN', '-Infinity'], ends: 'completed' });
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(attempt.digests).toHaveLength(1);
    expect(attempt.reports).toEqual(
      [0.5, Number.NaN, Number.NEGATIVE_INFINITY].map((value, i) => ({ step: i + 1, metrics: { value } })),
    );
  });

  it('gets all of its assignment, the data sets and the backend that the first process found', async () => {
    open({ data: { datasetsDir: '/data', offline: true } });
    const found = await slots.probe();
    const attempt = start({ echo: true }, { paramsJson: '{"lr":0.1}', seed: 0xffff_ffff, datasetDigest: 'abc' });
    expect(JSON.parse((await attempt.whenEnded).error)).toEqual({
      saving: { checkpointEvery: 0, weights: false, metric: { name: '', maximize: true, best: false } },
      type: 'run',
      objective: 'null',
      backend: found.ok && found.backend,
      configJson: '{"echo":true}',
      paramsJson: '{"lr":0.1}',
      seed: 0xffff_ffff,
      expectedDigest: 'abc',
      data: { datasetsDir: '/data', offline: true },
      environment: PLAIN_SLOTS.resources.environment([]),
    });
  });

  it('is gone when it has ended, even when its process would have gone on', async () => {
    open();
    const attempt = start({ ends: 'completed', spins: true });
    await attempt.whenEnded;
    expect(isAlive(Number(attempt.digests[0]))).toBe(false);
  });

  it('is not heard any more when it has ended', async () => {
    open();
    const attempt = start({ ends: 'completed', goesOnTalking: true, spins: true });
    await attempt.whenEnded;
    expect(attempt.reports).toEqual([]);
    expect(attempt.ends).toHaveLength(1);
  });

  it.each([
    ['exits', { exits: 7 }, 'the process exited with code 7'],
    ['exits as if all were well', { exits: 0 }, 'the process exited with code 0'],
    ['is killed', { dies: 'SIGKILL' }, 'the process was killed by SIGKILL, by someone or because memory ran out'],
    [
      'runs out of memory',
      { stderr: 'FATAL ERROR: Reached heap limit\n 1: 0xb8 abort\n', dies: 'SIGABRT' },
      'the process was killed by SIGABRT: FATAL ERROR: Reached heap limit',
    ],
    [
      'says much and then what is wrong',
      { stderr: `${'epoch\n'.repeat(10_000)}RangeError: the end\n`, exits: 1 },
      'the process exited with code 1: RangeError: the end',
    ],
  ])('fails when its process %s without a word, and says how', async (_, config, error) => {
    open();
    expect(await start(config).whenEnded).toEqual({ outcome: 'failed', error });
  });

  it('fails when no process can be started', async () => {
    open({ childPath: `${childPath}.missing` });
    const { outcome, error } = await start({}).whenEnded;
    expect(outcome).toBe('failed');
    expect(error).toMatch(/^the process exited with code 1: .*Cannot find module/);
  });

  it('takes nothing along when it crashes: the next attempt runs', async () => {
    open();
    await start({ dies: 'SIGSEGV' }).whenEnded;
    expect(await start({ ends: 'completed' }).whenEnded).toMatchObject({ outcome: 'completed' });
  });
});

describe('stopping an attempt', () => {
  it('lets it end by itself', async () => {
    open();
    const attempt = start({ heedsStop: true });
    await attempt.whenStarted;
    attempt.stop();
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
  });

  it('kills it when it has not ended after the grace period', async () => {
    open({ stopGraceMs: 10 });
    const attempt = start({ spins: true });
    await attempt.whenStarted;
    attempt.stop();
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
  });

  it('ends one that waits for a slot without starting it', async () => {
    open();
    const first = start({ heedsStop: true });
    const second = start({ ends: 'completed' });
    second.stop();
    expect(await second.whenEnded).toEqual({ outcome: 'stopped', error: '' });
    first.stop();
    await first.whenEnded;
    const third = start({ ends: 'completed' });
    await third.whenEnded;
    expect(second.digests).toEqual([]);
  });
});

describe('killing an attempt', () => {
  it('ends its process at once, tells nothing and frees its slot', async () => {
    open();
    const attempt = start({ spins: true });
    const pid = Number(await attempt.whenStarted);
    const next = start({ ends: 'completed' });
    attempt.kill();
    await next.whenEnded;
    expect(isAlive(pid)).toBe(false);
    expect(attempt.ends).toEqual([]);
  });

  it('takes one that waits for a slot out of the queue', async () => {
    open();
    const first = start({ heedsStop: true });
    const second = start({ ends: 'completed' });
    second.kill();
    const third = start({ ends: 'completed' });
    first.stop();
    await third.whenEnded;
    expect([...second.digests, ...second.ends]).toEqual([]);
  });
});

describe('the time limit', () => {
  it('kills an attempt that exceeds it, which has timed out then', async () => {
    open();
    const attempt = start({ spins: true }, { timeLimitMs: 50 });
    expect(await attempt.whenEnded).toEqual({ outcome: 'timed_out', error: 'time limit of 50ms reached' });
  });

  it('may be longer than any timer', async () => {
    open();
    const attempt = start({ ends: 'completed' }, { timeLimitMs: 2 ** 40 });
    expect(await attempt.whenEnded).toMatchObject({ outcome: 'completed' });
  });
});

describe('slots', () => {
  it('run so many attempts at a time, in the order of their coming, each in a process of its own', async () => {
    open({ slots: 2 });
    const [a, b, c] = [start({ heedsStop: true }), start({ heedsStop: true }), start({ ends: 'completed' })];
    await Promise.all([a.whenStarted, b.whenStarted]);
    expect(c.digests).toEqual([]);
    b.stop();
    await c.whenEnded;
    expect(a.ends).toEqual([]);
    expect(new Set([a, b, c].map(({ digests }) => digests[0])).size).toBe(3);
    a.stop();
  });

  it('give an attempt the process that was got ready before', async () => {
    open();
    const found = await slots.probe();
    const pid = await start({ ends: 'completed' }).whenStarted;
    expect(found).toMatchObject({ ok: true, backend: `fixture-${pid}` });
  });

  it('say so when no process can be got ready', async () => {
    open({ backend: 'broken' });
    await expect(slots.probe()).rejects.toThrow('no attempt can run here: the process exited with code 9');
  });

  it('leave no process behind when they close', async () => {
    open({ slots: 2 });
    await slots.probe();
    const attempt = start({ spins: true });
    const pid = Number(await attempt.whenStarted);
    await slots.close();
    expect(isAlive(pid)).toBe(false);
    expect(attempt.ends).toEqual([]);
  });
});
