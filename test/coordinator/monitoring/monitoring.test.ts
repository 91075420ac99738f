import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gate } from '../../../coordinator/access/gate.js';
import { ROLES, type Role } from '../../../coordinator/access/roles.js';
import { openSqliteTokens } from '../../../coordinator/access/sqlite-store.js';
import { drawSecret, hashOf } from '../../../coordinator/access/token.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { ConfigError } from '../../../coordinator/errors.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import type { EventLog } from '../../../coordinator/event-log/port.js';
import { type Monitoring, openMonitoring } from '../../../coordinator/monitoring/monitoring.js';
import { Replica } from '../../../coordinator/replica.js';
import { startProbeServer } from '../../../telemetry/probe-server.js';
import { Scrape } from '../../telemetry/scrape.js';
import { spec, worker } from '../core/scenario.js';

const logger = pino({ level: 'silent' });
let monitoring: Monitoring;
let log: EventLog;
let coordinator: Coordinator;
beforeEach(async () => {
  monitoring = await openMonitoring({ logger });
  log = openMemoryLog();
  coordinator = await open(log);
});
afterEach(() => monitoring.close());

function open(on: EventLog): Promise<Coordinator> {
  const onFailure = (error: unknown): never => {
    throw error;
  };
  return Coordinator.open({ log: on, leaseMs: 60_000, onFailure });
}

const scrape = async (): Promise<Scrape> => new Scrape(await monitoring.probes.registry.metrics());

const create = (overrides: Parameters<typeof spec>[0]) =>
  coordinator.submit({ type: 'CreateStudy', requestId: '', spec: spec(overrides), source: '', drawnSeed: 1 });
const attach = (id: string, slots: number) =>
  coordinator.submit({ type: 'AttachWorker', profile: worker(id, { slots }), holds: [] });

/** What an attempt of the worker did: reports of these values, and its end. */
function progress(
  id: string,
  study: string,
  trial: number,
  values: readonly number[],
  outcome?: 'completed' | 'stopped',
) {
  const name = { study, trial, attempt: 1 };
  return coordinator.submit({
    type: 'RecordProgress',
    worker: id,
    started: [],
    reports: values.map((value, i) => ({ ...name, step: i + 1, metrics: { value } })),
    saved: [],
    results: outcome === undefined ? [] : [{ ...name, outcome, error: '' }],
  });
}

describe('the figures of a coordinator that leads', () => {
  it('count trials, attempts, workers, slots and leases as they are', async () => {
    monitoring.lead(coordinator, log);
    await create({ name: 'a', budget: { trials: 4 } });
    await create({ name: 'b', budget: { trials: 1 } });
    await attach('one', 3);
    await attach('two', 1);
    await coordinator.submit({ type: 'DrainWorker', worker: 'two' });
    await progress('one', 'a', 0, [0.1, 0.2], 'completed');
    const found = await scrape();
    expect(found.by('assay_studies')).toEqual({ running: 2, paused: 0, ending: 0, finished: 0 });
    expect(found.by('assay_trials')).toEqual({ waiting: 0, running: 4, paused: 0, complete: 1, pruned: 0, failed: 0 });
    expect(found.by('assay_workers')).toEqual({ attached: 1, draining: 1, quarantined: 0, away: 0 });
    expect(found.by('assay_slots')).toEqual({ busy: 4, idle: 0, closed: 0 });
    expect(found.value('assay_leases')).toBe(4);
    expect(found.value('assay_trials_proposed_total')).toBe(5);
    expect(found.value('assay_trials_ended_total{state="complete"}')).toBe(1);
    expect(found.value('assay_attempts_ended_total{end="completed"}')).toBe(1);
    expect(found.value('assay_reports_total')).toBe(2);
    expect(found.value('assay_leader')).toBe(1);
    const { head, bytes } = await log.extent();
    expect(found.value('assay_log_head')).toBe(head);
    expect(found.value('assay_log_bytes')).toBe(bytes);
    const events = await coordinator.view(({ state }) => state.events);
    expect(found.value('assay_log_events')).toBe(events);
    expect(found.value('assay_events_total')).toBe(events);
    expect(found.value('assay_standby_lag_batches')).toBeUndefined();
  });

  it('time each assignment, each commit and each proposal', async () => {
    monitoring.lead(coordinator, log);
    await create({ budget: { trials: 5 } });
    await attach('one', 2);
    await progress('one', 'digits', 0, [0.1], 'completed');
    const found = await scrape();
    expect(found.value('assay_assign_seconds_count')).toBe(3);
    expect(found.value('assay_suggestion_seconds_count')).toBe(3);
    expect(found.value('assay_commit_seconds_count')).toBe((await log.extent()).head);
    const assigned = found.value('assay_assign_seconds_sum')!;
    expect(assigned).toBeGreaterThan(found.value('assay_suggestion_seconds_sum')!);
    expect(assigned).toBeLessThan(10);
  });

  it('count slots of workers that take nothing as closed', async () => {
    monitoring.lead(coordinator, log);
    await attach('one', 3);
    await coordinator.submit({ type: 'DrainWorker', worker: 'one' });
    expect((await scrape()).by('assay_slots')).toEqual({ busy: 0, idle: 0, closed: 3 });
  });

  it('count the steps that pruned trials are spared, of what happened in this process alone', async () => {
    const pruned = { name: 'p', budget: { trials: 3 }, pruner: { type: 'threshold', lower: 0.5 } } as const;
    await create(pruned);
    await attach('one', 1);
    await progress('one', 'p', 0, [0.9, 0.1], 'stopped');
    monitoring.lead(coordinator, log);
    expect((await scrape()).value('assay_steps_saved_total')).toBe(0);
    await progress('one', 'p', 1, [0.9, 0.9, 0.1], 'stopped');
    await progress('one', 'p', 2, [0.1], 'stopped');
    const all = await coordinator.view(({ state }) => state.studies.get('p')!.stepsSaved);
    expect(all).toBe(8 + 7 + 9);
    expect((await scrape()).value('assay_steps_saved_total')).toBe(7 + 9);
    await coordinator.submit({ type: 'DeleteStudy', study: 'p' });
    expect((await scrape()).value('assay_steps_saved_total')).toBe(7 + 9);
  });

  it('are those that were last seen while the log does not answer', async () => {
    let hold: Promise<void> = Promise.resolve();
    let release = (): void => {};
    let asked = 0;
    const append: EventLog['append'] = async (events, head) => {
      asked += 1;
      await hold;
      return log.append(events, head);
    };
    const slow: EventLog = { ...log, append };
    coordinator = await open(slow);
    monitoring.lead(coordinator, slow);
    await attach('one', 1);
    await scrape();
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const waiting = create({});
    await expect.poll(() => asked).toBeGreaterThan(0);
    const found = await scrape();
    expect(found.by('assay_workers')['attached']).toBe(1);
    expect(found.by('assay_studies')['running']).toBe(0);
    release();
    await waiting;
    expect((await scrape()).by('assay_studies')['running']).toBe(1);
  });

  it('have no label that could take any value', async () => {
    monitoring.lead(coordinator, log);
    await attach('one', 2);
    const own = ({ names }: Scrape): string[] => [...names].filter((name) => name.startsWith('assay_')).sort();
    const before = own(await scrape());
    for (let i = 0; i < 20; i += 1) {
      await create({ name: `study-${i}` });
      await attach(`worker-${i}`, 2);
    }
    const text = await monitoring.probes.registry.metrics();
    expect(own(new Scrape(text))).toEqual(before);
    expect(text).not.toMatch(/study-|worker-/);
  });
});

describe('what a coordinator says of its readiness', () => {
  it('changes with its role, and a standby is ready only to whom that is enough', async () => {
    const server = await startProbeServer('127.0.0.1:0', monitoring.probes);
    const ask = async (path: string): Promise<string> => {
      const response = await fetch(`http://${server.address}${path}`);
      return `${response.status} ${(await response.text()).trim()}`;
    };
    const both = async (): Promise<string[]> => [await ask('/readyz'), await ask('/readyz?standby=ok')];
    const starts = 'neither leads nor stands by: it starts or stops';
    expect(await both()).toEqual([`503 ${starts}`, `503 ${starts}`]);
    const caughtUp = monitoring.standBy(new Replica(1), log, { leader: 'a:7070' });
    expect(await both()).toEqual(['503 reads the log', '503 reads the log']);
    caughtUp();
    expect(await both()).toEqual(['503 stands by: a:7070 leads', '200 stands by: a:7070 leads']);
    const leave = monitoring.lead(coordinator, log);
    expect(await both()).toEqual(['200 leads', '200 leads']);
    expect(await ask('/healthz')).toBe('200 ok');
    leave();
    expect(await both()).toEqual([`503 ${starts}`, `503 ${starts}`]);
    expect(await ask('/healthz')).toBe('200 ok');
    server.close();
  });

  it('comes with how far a standby is behind the log', async () => {
    await create({});
    await attach('one', 1);
    const replica = new Replica(1);
    monitoring.standBy(replica, log, { leader: undefined });
    const { head } = await log.extent();
    expect((await scrape()).value('assay_standby_lag_batches')).toBe(head);
    expect((await scrape()).value('assay_leader')).toBe(0);
    await replica.follow(log.read(0));
    expect((await scrape()).value('assay_standby_lag_batches')).toBe(0);
  });

  it('is told at an address of its own, which must be free', async () => {
    const first = await startProbeServer('127.0.0.1:0', monitoring.probes);
    const second = openMonitoring({ metrics: first.address, logger });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(
      `cannot listen on ${first.address} for --metrics: the port is taken, by another coordinator perhaps`,
    );
    const wrong = await fetch(`http://${first.address}/metric`);
    expect([wrong.status, await wrong.text()]).toEqual([
      404,
      'there is nothing at /metric; there are /healthz, /readyz, /metrics\n',
    ]);
    expect((await fetch(`http://${first.address}/metrics`, { method: 'POST' })).status).toBe(405);
    first.close();
  });

  it('is told to everybody, and the figures to those whose token lets them', async () => {
    const lines: string[] = [];
    const heard = pino({}, { write: (line: string) => void lines.push(line) });
    const guarded = await openMonitoring({ metrics: '127.0.0.1:0', requireTokens: true, logger: heard });
    const { metrics: address } = JSON.parse(lines[0]!) as { metrics: string };
    const ask = async (path: string, token?: string): Promise<number> => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return (await fetch(`http://${address}${path}`, { headers })).status;
    };
    expect([await ask('/healthz'), await ask('/readyz'), await ask('/metrics')]).toEqual([200, 503, 503]);
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-tokens-'));
    const gate = new Gate(openSqliteTokens(folder), logger);
    const tokenOf = async (role: Role): Promise<string> => {
      const secret = drawSecret();
      await gate.tokens!.create({ sha256: hashOf(secret), role, name: role, expiresAtMs: 0 });
      return secret;
    };
    guarded.guard(gate);
    const asked = await Promise.all(ROLES.map(async (role) => [role, await ask('/metrics', await tokenOf(role))]));
    expect(Object.fromEntries(asked)).toEqual({ admin: 200, submit: 200, view: 200, worker: 403 });
    expect([await ask('/healthz'), await ask('/metrics'), await ask('/metrics', 'wrong')]).toEqual([200, 401, 401]);
    await guarded.close();
    gate.close();
    rmSync(folder, { recursive: true });
  });
});
