import { fork } from 'node:child_process';
import { once } from 'node:events';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Assignment } from '../../proto/index.js';
import type { RunningAttempt } from '../../worker/runner.js';
import { createSlots, type Slots } from '../../worker/slots.js';
import { BUILT_CHILD } from './built-child.js';
import { assignment } from './fake-coordinator.js';
import { PLAIN_SLOTS } from './plain-slots.js';
import { type RecordedAttempt, recordAttempt } from './recorded-attempt.js';

let slots: Slots;

beforeAll(() => {
  slots = createSlots({
    slots: 2,
    backend: 'cpu',
    data: { offline: true },
    stopGraceMs: 60_000,
    ...PLAIN_SLOTS,
    logger: pino({ level: 'silent' }),
    childPath: BUILT_CHILD,
  });
});

afterAll(() => slots.close());

function start(config: unknown, overrides: Partial<Assignment> = {}): RecordedAttempt & { running: RunningAttempt } {
  const recorded = recordAttempt();
  const running = slots.start(assignment(0, { configJson: JSON.stringify(config), ...overrides }), recorded);
  return Object.assign(recorded, { running });
}

describe('the process of an attempt', () => {
  it('runs its objective to the end', async () => {
    const attempt = start({ steps: 3, value: 0.25 });
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(attempt.digests).toEqual(['']);
    expect(attempt.reports).toEqual([1, 2, 3].map((step) => ({ step, metrics: { value: 0.25 } })));
  });

  it('stops its objective when it is told to', async () => {
    const attempt = start({ steps: 2, delay_ms: 86_400_000 });
    await attempt.whenStarted;
    attempt.running.stop(false);
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
  });

  it('stops when it is told to while it begins', async () => {
    const attempt = start({ delay_ms: 86_400_000 });
    attempt.running.stop(false);
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
    expect(attempt.reports).toEqual([]);
  });

  it("fails with the objective's own words", async () => {
    const { outcome, error } = await start({ steps: -1 }).whenEnded;
    expect(outcome).toBe('failed');
    expect(error).toMatch(/^null\.steps: /);
  });

  it('refuses an objective that it does not know', async () => {
    const { outcome, error } = await start({}, { objective: 'drain' }).whenEnded;
    expect(outcome).toBe('refused');
    expect(error).toContain('objective "drain" is unknown');
  });

  it('ends when its worker is gone, and not because somebody ends the whole session', async () => {
    const child = fork(BUILT_CHILD, { serialization: 'advanced', execArgv: [], stdio: 'ignore' });
    child.send({ type: 'load', objective: 'null', backend: 'auto' });
    await once(child, 'message');
    const run = {
      objective: 'null',
      backend: '',
      paramsJson: '{}',
      seed: 1,
      expectedDigest: '',
      data: { offline: true },
    };
    child.send({ type: 'run', ...run, configJson: '{"steps": 1000000, "delay_ms": 1}' });
    await once(child, 'message');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    // Three more reports: it has had time to die of the signals.
    for (let i = 0; i < 3; i++) await once(child, 'message');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
