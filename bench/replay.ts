import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { Coordinator } from '../coordinator/coordinator.js';
import type { Event } from '../coordinator/core/events.js';
import { openSqliteLog } from '../coordinator/event-log/sqlite.js';
import { collect } from './garbage.js';
import { created, PER_TRIAL, trialOf } from './long-log.js';

/*
 * How long a coordinator takes to open a long log, beside reading the same log and parsing its JSON and nothing more: trials
 * of five reports in ten studies, one hundred events a batch. Then what the state takes of memory.
 *
 *   npm run bench:replay [-- EVENTS]
 */

const events = Number(process.argv[2] ?? 1_000_000);
const STUDIES = 10;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-replay-'));
const file = path.join(folder, 'log.db');
try {
  await write();
  const bytes = statSync(file).size;
  const floor = measure();
  const db = new Database(file, { readonly: true });
  for (const record of db.prepare<[], string>('SELECT record FROM batches ORDER BY seq').pluck().iterate()) {
    JSON.parse(record);
  }
  db.close();
  const floorSpent = floor();

  collect();
  const empty = process.memoryUsage().heapUsed;
  const log = openSqliteLog(file);
  const opening = measure();
  const coordinator = await Coordinator.open({
    log,
    leaseMs: 60_000,
    onFailure: (error) => {
      throw error;
    },
  });
  const spent = opening();
  const position = await coordinator.view(({ state }) => state.events);
  await log.close();
  collect();
  const held = process.memoryUsage().heapUsed - empty;
  const trials = events / PER_TRIAL;
  console.log(`${position.toLocaleString('en')} events, ${mib(bytes)} of log`);
  console.log(`read and parsed: ${told(floorSpent)}`);
  const ratio = (spent.cpu / floorSpent.cpu).toFixed(1);
  const rate = Math.round(position / spent.seconds).toLocaleString('en');
  console.log(`opened:          ${told(spent)}, ${ratio} times the processor; ${rate} events per second`);
  const resident = mib(process.memoryUsage().rss);
  console.log(`state: ${mib(held)}, ${Math.round(held / trials)} bytes per trial; ${resident} resident`);
} finally {
  rmSync(folder, { recursive: true });
}

interface Spent {
  readonly seconds: number;
  /** Processor time of all threads, which another program on the machine does not lengthen as much. */
  readonly cpu: number;
}

function measure(): () => Spent {
  const begin = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6 };
  };
}

function told({ seconds, cpu }: Spent): string {
  return `${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of processor time)`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

async function write(): Promise<void> {
  const log = openSqliteLog(file);
  let head = 0;
  let batch: Event[] = [];
  const put = async (event: Event): Promise<void> => {
    batch.push(event);
    if (batch.length < 100) return;
    head = await log.append(batch, head);
    batch = [];
  };
  for (let study = 0; study < STUDIES; study += 1) await put(created(`study-${study}`));
  for (let trial = 0; trial * PER_TRIAL * STUDIES < events; trial += 1) {
    for (let study = 0; study < STUDIES; study += 1)
      for (const event of trialOf(`study-${study}`, trial)) await put(event);
  }
  if (batch.length > 0) await log.append(batch, head);
  await log.close();
}
