import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { LeaderLease } from '../../../coordinator/cluster/lease.js';
import type { Time } from '../../../coordinator/time.js';
import { Timeline } from '../../sim/timeline.js';
import { MemoryEntry } from './memory-entry.js';

const logger = pino({ level: 'silent' });
const works = { reached: true, answers: async () => true };

let timeline: Timeline;
let time: Time;
let entry: MemoryEntry;
let stop: AbortController;
beforeEach(begin);

function begin(): () => void {
  timeline = new Timeline();
  time = {
    now: () => timeline.now,
    pause: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          signal?.removeEventListener('abort', done);
          resolve();
        };
        timeline.at(timeline.now + ms, done);
        signal?.addEventListener('abort', done);
      }),
    every: () => () => {},
  };
  entry = new MemoryEntry(time);
  stop = new AbortController();
  return () => stop.abort();
}

/** Moments within half a second, for what depends on who asks first. */
const OFFSETS = Array.from({ length: 40 }, (_, i) => i * 13);

const lease = (id: string): LeaderLease => new LeaderLease(entry, { id, address: `${id}:1` }, logger, time);
function until(ms: number): Promise<void> {
  timeline.at(ms, () => {});
  return timeline.run(() => timeline.now >= ms);
}

/** `a` holds the lease, `b` waits for it; who has it, by the time they say so. */
async function two(): Promise<{ a: LeaderLease; b: LeaderLease; log: string[] }> {
  const [a, b] = [lease('a'), lease('b')];
  const log: string[] = [];
  timeline.at(1, () => {
    void a
      .take(stop.signal)
      .then(() => a.hold(stop.signal, works))
      .then((why) => log.push(`a lost it: ${why}`));
  });
  timeline.at(100, () => void b.take(stop.signal).then((taken) => taken && log.push(`b took it`)));
  await until(2_000);
  expect(b.leader).toBe('a:1');
  return { a, b, log };
}

it('stays with its holder when the servers were away for longer than it lives, and have let it run out', async () => {
  for (const offset of OFFSETS) {
    const end = begin();
    const { log } = await two();
    entry.away = true;
    timeline.at(8_000 + offset, () => {
      entry.away = false;
    });
    await until(12_000);
    expect({ offset, holder: entry.entry?.holder.id, log }).toEqual({ offset, holder: 'a', log: [] });
    end();
  }
});

it('goes to a standby soon after the servers are back, when its holder died meanwhile', async () => {
  const { log } = await two();
  entry.away = true;
  stop.abort();
  const c = lease('c');
  const still = new AbortController();
  void c.take(still.signal).then(() => log.push('c took it'));
  await until(8_000);
  entry.away = false;
  await until(8_000 + 1_000);
  expect(log).toContain('c took it');
  still.abort();
});

it('is given up when neither it nor the log has answered for longer than an election takes', async () => {
  const a = lease('a');
  let reason = '';
  timeline.at(1, () => {
    void a
      .take(stop.signal)
      .then(() => a.hold(stop.signal, { reached: true, answers: async () => false }))
      .then((why) => {
        reason = why;
      });
  });
  await until(1_000);
  entry.away = true;
  await until(11_000);
  expect(reason).toBe('');
  await until(15_000);
  expect(reason).toMatch(/not renewed for .* the log does not answer either/);
});

it('is not confirmed by what was written before the question, though it is seen after it', async () => {
  for (const offset of OFFSETS) {
    const end = begin();
    const { b } = await two();
    const found: (string | undefined)[] = [];
    await until(timeline.now + 900 + 2 * offset);
    // Its holder dies, and at once somebody asks; the standby may see the last renewal later than that.
    entry.dead = 'a';
    void b.confirmed().then((leader) => found.push(leader));
    await until(timeline.now + 2_000);
    expect({ offset, found }).toEqual({ offset, found: [] });
    end();
  }
});

it('does not send those who wait for a leader away in the moment that it is taken', async () => {
  const { b, log } = await two();
  stop.abort();
  const still = new AbortController();
  const c = lease('c');
  let answer: unknown = 'waits';
  void c.take(still.signal).then(() => log.push('c took it'));
  void c.confirmed().then((leader) => {
    answer = leader;
  });
  while (!log.includes('c took it')) await until(timeline.now + 10);
  expect(answer).toBe('waits');
  expect(b.leader).toBeDefined();
  still.abort();
});
