import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { Coordinator } from '../coordinator/coordinator.js';
import type { Event } from '../coordinator/core/events.js';
import { Fleet } from '../coordinator/core/fleet.js';
import { apply, emptyState } from '../coordinator/core/state.js';
import type { Core } from '../coordinator/core/transaction.js';
import { leaderboardView } from '../coordinator/core/views.js';
import { openSqliteLog } from '../coordinator/event-log/sqlite.js';
import { openDirectorySnapshots } from '../coordinator/snapshots/directory.js';
import { Snapshots } from '../coordinator/snapshots/snapshots.js';
import { collect } from './garbage.js';
import { created, PER_TRIAL, trialOf } from './long-log.js';

/*
 * What a coordinator's memory comes to over a long life: studies of five reports a trial, one after another, each of which
 * finishes and leaves memory. Then what it takes to open that log with its snapshot, and to look at a study again.
 *
 *   npm run bench:memory [-- TRIALS STUDIES]
 */

const trials = Number(process.argv[2] ?? 1_000_000);
const studies = Number(process.argv[3] ?? 10);
const perStudy = Math.round(trials / studies);
const BATCH = 100;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-memory-'));
try {
  await live();
  await open();
} finally {
  rmSync(folder, { recursive: true });
}

/** Snapshots are taken and studies parked as a coordinator does; only that nothing is decided. */
async function live(): Promise<void> {
  const { log, snapshots } = opened();
  const core: Core = { state: emptyState(), fleet: new Fleet(), leaseMs: 60_000 };
  const coordinator = { head: 0, view: async <T>(look: (core: Core) => T) => look(core), follow: () => () => false };
  await snapshots.lead(coordinator);
  let batch: Event[] = [];
  const commit = async (): Promise<void> => {
    coordinator.head = await log.append(batch, coordinator.head);
    snapshots.events(batch, core);
    snapshots.committed();
    batch = [];
  };
  const put = async (event: Event): Promise<void> => {
    apply(core.state, event);
    batch.push(event);
    if (batch.length < BATCH) return;
    await commit();
    await new Promise(setImmediate);
  };
  collect();
  const empty = process.memoryUsage().heapUsed;
  const held = (): string => {
    collect();
    return mib(process.memoryUsage().heapUsed - empty);
  };
  for (let study = 1; study <= studies; study += 1) {
    const id = `study-${study}`;
    await put(created(id));
    for (let trial = 0; trial < perStudy; trial += 1) for (const event of trialOf(id, trial)) await put(event);
    const running = held();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await put({
      type: 'StudyFinished',
      study: id,
      at: 1_700_000_000_000,
      why: 'trials',
      detail: 'all trials are done',
    });
    await commit();
    const spent = measure();
    // One that is under way may have begun before the study's end.
    await snapshots.take();
    await snapshots.take();
    const took = spent();
    delay.disable();
    await snapshots.sweep();
    await snapshots.sweep();
    const blocked = `the loop waited ${Math.round(delay.max / 1e6)} ms at most`;
    const done = (study * perStudy).toLocaleString('en');
    console.log(`${done} trials: ${running} with the study in memory, ${held()} without; snapshot ${took}, ${blocked}`);
  }
  await snapshots.close();
  await log.close();
}

async function open(): Promise<void> {
  collect();
  const empty = process.memoryUsage().heapUsed;
  const { log, snapshots } = opened();
  const opening = measure();
  const from = await snapshots.restore();
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const coordinator = await Coordinator.open({ log, from, bodies: snapshots, leaseMs: 60_000, onFailure });
  const took = opening();
  collect();
  const heap = mib(process.memoryUsage().heapUsed - empty);
  const events = (trials * PER_TRIAL).toLocaleString('en');
  console.log(`opened with its snapshot, a log of ${events} events: ${took}, ${heap}`);
  const looking = measure();
  await coordinator.view(({ state, fleet }) => leaderboardView(state, fleet, state.studies.get('study-1')!, 10));
  console.log(`the board of a study of ${perStudy.toLocaleString('en')} trials that was not in memory: ${looking()}`);
  await snapshots.close();
  await log.close();
}

function opened() {
  const log = openSqliteLog(path.join(folder, 'log.db'));
  const store = openDirectorySnapshots(path.join(folder, 'snapshots'));
  return { log, snapshots: new Snapshots({ store, log, logger: pino({ level: 'silent' }) }) };
}

/** Processor time beside the time of the clock, which other programs on the machine lengthen. */
function measure(): () => string {
  const began = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - began) / 1_000;
    return `${seconds.toFixed(2)} s (${((user + system) / 1e6).toFixed(2)} s of processor time)`;
  };
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
