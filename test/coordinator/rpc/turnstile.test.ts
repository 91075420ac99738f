import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { introduce } from '../../../coordinator/access/caller.js';
import {
  LONGEST_WAIT_MS,
  MOST_CALLS,
  MOST_FOLLOWED,
  MOST_SESSIONS,
  MOST_STREAMS,
  REFUSAL_MS,
  UNITS_AT_ONCE,
  UNITS_OF_A_STUDY,
  UNITS_PER_SECOND,
} from '../../../coordinator/limits.js';
import { Allowance } from '../../../coordinator/rpc/allowance.js';
import { CallerGoneError, type CallKind, type Entry, Turnstile } from '../../../coordinator/rpc/turnstile.js';

class PlayedCall extends EventEmitter {
  readonly #peer: string;
  entry: Entry | undefined;
  refusal: string | undefined;

  constructor(peer: string) {
    super();
    this.#peer = peer;
  }

  getPeer(): string {
    return this.#peer;
  }
}

const LIST = '/assay.v1.StudyService/ListStudies';
let cut: string[];
let turnstile: Turnstile;
beforeEach(() => {
  vi.useFakeTimers();
  cut = [];
  turnstile = new Turnstile({ cut: (peer) => cut.push(peer), drop: () => {} }, Date.now);
});
afterEach(() => void vi.useRealTimers());

function come(peer: string, path = LIST, kind: CallKind = 'call', token = ''): PlayedCall {
  const call = new PlayedCall(peer);
  if (token !== '') introduce(call, { token, role: 'view' });
  turnstile.pass(path, kind, call, {
    enter: (entry) => {
      call.entry = entry;
    },
    refuse: (details) => {
      call.refusal = details;
    },
  });
  return call;
}

/** Calls that are answered at once, until one has to wait. */
function comeUntilSlow(peer: string, path = LIST): { readonly count: number; readonly slow: PlayedCall } {
  for (let count = 0; ; count++) {
    const call = come(peer, path);
    if (call.entry === undefined) return { count, slow: call };
    call.entry.leave();
  }
}

describe('the turnstile', () => {
  it('lets a caller that asks faster than it may wait for its turn', () => {
    const { count, slow } = comeUntilSlow('10.0.0.1:1');
    expect(count).toBe(UNITS_AT_ONCE);
    vi.advanceTimersByTime(1_000 / UNITS_PER_SECOND);
    expect(slow.entry).toBeDefined();
  });

  it('does not charge for what it refuses, and does not refuse at once', () => {
    // Twenty units each: the burst, and what comes back while the last of them wait.
    const together = (UNITS_AT_ONCE + (LONGEST_WAIT_MS / 1_000) * UNITS_PER_SECOND) / UNITS_OF_A_STUDY;
    const calls = Array.from({ length: together + 5 }, () => come('10.0.0.1:1', '/assay.v1.StudyService/CreateStudy'));
    expect(calls.some(({ refusal }) => refusal !== undefined)).toBe(false);
    vi.advanceTimersByTime(REFUSAL_MS);
    const refused = calls.filter(({ refusal }) => refusal !== undefined);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.refusal).toContain(`more than ${UNITS_PER_SECOND} units of work a second`);
    vi.advanceTimersByTime(LONGEST_WAIT_MS);
    expect(calls.filter(({ entry }) => entry !== undefined)).toHaveLength(together);
  });

  it('says refusals of calls that came together one by one', () => {
    const together = (UNITS_AT_ONCE + (LONGEST_WAIT_MS / 1_000) * UNITS_PER_SECOND) / UNITS_OF_A_STUDY;
    const calls = Array.from({ length: together + 200 }, () =>
      come('10.0.0.1:1', '/assay.v1.StudyService/CreateStudy'),
    );
    const refused = (): number => calls.filter(({ refusal }) => refusal !== undefined).length;
    vi.advanceTimersByTime(REFUSAL_MS / 2 - 1);
    expect(refused()).toBe(0);
    for (let ms = REFUSAL_MS / 2; ms <= REFUSAL_MS; ms += 5) {
      const before = refused();
      vi.advanceTimersByTime(5);
      expect(refused() - before).toBeLessThanOrEqual(4);
    }
    expect(refused()).toBe(200);
  });

  it('tells callers apart by token, and by address where there is none', () => {
    comeUntilSlow('10.0.0.1:1');
    expect(come('10.0.0.2:1').entry).toBeDefined();
    expect(come('10.0.0.1:2').entry).toBeUndefined();
    expect(come('10.0.0.1:3', LIST, 'call', 'a').entry).toBeDefined();
    expect(come('[::1]:3').entry).toBeDefined();
  });

  it('does what takes time one after another, and the next when the last is paid for', async () => {
    const [first, second] = [come('10.0.0.1:1').entry!, come('10.0.0.1:2').entry!];
    const done: string[] = [];
    const act = (name: string) => async (): Promise<void> => {
      done.push(`${name} begins`);
      await Promise.resolve();
      done.push(`${name} ends`);
    };
    const both = [first, second].map((entry, i) => entry.inTurn(act(`${i}`), () => UNITS_AT_ONCE + UNITS_PER_SECOND));
    const failed = first.inTurn(
      () => Promise.reject(new Error('no')),
      () => 0,
    );
    failed.catch(() => {});
    await both[0];
    await vi.advanceTimersByTimeAsync(900);
    expect(done).toEqual(['0 begins', '0 ends']);
    await vi.advanceTimersByTimeAsync(200);
    expect(done).toEqual(['0 begins', '0 ends', '1 begins', '1 ends']);
    await vi.advanceTimersByTimeAsync(20_000);
    await expect(failed).rejects.toThrow('no');
  });

  it('does nothing for who has gone before the turn came, and lets nobody wait for it', async () => {
    const entries = Array.from({ length: 100 }, () => come('10.0.0.1:1').entry!);
    const done: number[] = [];
    const turns = entries.map((entry, at) =>
      entry.inTurn(
        async () => void done.push(at),
        () => UNITS_AT_ONCE + UNITS_PER_SECOND,
      ),
    );
    const ends = Promise.allSettled(turns);
    await turns[0];
    // All but the last leave, the one that waits for its units included.
    for (const entry of entries.slice(1, -1)) entry.leave();
    await vi.advanceTimersByTimeAsync(3_000);
    const settled = await ends;
    expect(done).toEqual([0, 99]);
    const faults = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(faults).toHaveLength(98);
    expect(faults.every((fault) => fault instanceof CallerGoneError)).toBe(true);
  });

  it('cuts the connection of a caller that does not wait for answers', () => {
    for (let i = 0; i < MOST_CALLS; i++) come('10.0.0.1:1');
    expect(cut).toEqual([]);
    expect(come('10.0.0.1:7').refusal).toContain(`at most ${MOST_CALLS}`);
    expect(cut).toEqual(['10.0.0.1:7']);
  });

  it('bounds the streams of a caller and lets others follow', () => {
    const watch = (peer: string): PlayedCall => come(peer, '/assay.v1.StudyService/WatchLeaderboard', 'followed');
    const streams = Array.from({ length: MOST_FOLLOWED }, () => watch('10.0.0.1:1'));
    const more = watch('10.0.0.1:1');
    vi.advanceTimersByTime(REFUSAL_MS);
    expect(more.refusal).toContain(`at most ${MOST_FOLLOWED} are possible`);
    expect(watch('10.0.0.2:1').entry).toBeDefined();
    streams[0]!.entry!.leave();
    expect(watch('10.0.0.1:1').entry).toBeDefined();
  });

  it('bounds the sessions of workers', () => {
    let port = 0;
    const attach = (): PlayedCall => come(`10.0.0.1:${++port}`, '/assay.v1.WorkerService/Session', 'session');
    const sessions = Array.from({ length: MOST_SESSIONS }, attach);
    expect(attach().refusal).toContain(`at most ${MOST_SESSIONS}`);
    sessions[0]!.entry!.leave();
    sessions[0]!.entry!.leave();
    expect(attach().entry).toBeDefined();
    expect(attach().refusal).toBeDefined();
  });

  it('cuts a connection on which very many sessions begin', () => {
    const attach = (): PlayedCall => come('10.0.0.1:1', '/assay.v1.WorkerService/Session', 'session');
    const sessions = Array.from({ length: MOST_STREAMS }, attach);
    expect(sessions.every(({ entry }) => entry !== undefined)).toBe(true);
    expect(attach().refusal).toContain(`at most ${MOST_STREAMS} are possible`);
    expect(cut).toEqual(['10.0.0.1:1']);
    for (const { entry } of sessions) entry!.leave();
    expect(attach().entry).toBeDefined();
  });

  it('forgets a call that went away while it waited', () => {
    comeUntilSlow('10.0.0.1:1');
    for (let i = 0; i < 3 * MOST_CALLS; i++) come('10.0.0.1:1').emit('cancelled');
    expect(cut).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an allowance', () => {
  it('never gives more than its rate and what can be saved up', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 400, noNaN: true }), fc.nat(5_000))), (asked) => {
        const allowance = new Allowance(0);
        let now = 0;
        let given = 0;
        for (const [units, pauseMs] of asked) {
          now += pauseMs;
          const waitMs = allowance.take(units, now);
          if (waitMs === undefined) continue;
          given += units;
          expect(waitMs).toBeLessThanOrEqual(LONGEST_WAIT_MS);
          expect(given).toBeLessThanOrEqual(UNITS_AT_ONCE + ((now + waitMs) / 1_000) * UNITS_PER_SECOND + 1e-6);
        }
      }),
    );
  });
});
