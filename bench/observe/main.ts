import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openClient } from '../../cli/client.js';

/*
 * What it costs a coordinator to be watched: null trials of 64 workers, committed in SQLite, in terms of the clock and of the
 * coordinator's own processor time, which the rest of the machine has less to do with. Each kind in turn, so many rounds; the
 * ratio is that of the best rounds, because other work only ever slows one down.
 *
 *   npm run bench:observe [-- --rounds 3 --trials 20000]
 */

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const MAIN = here('../../cli/main.js');
const [rounds, trials] = ['--rounds', '--trials'].map((name, i) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? [3, 20_000][i]! : Number(process.argv[at + 1]);
}) as [number, number];
const SESSIONS = 64;
const SPEC = `
name: bench
metric: {name: value, goal: maximize}
budget: {trials: ${trials}}
seed: 7
sampler: random
pruner: none
"null": {steps: 1, value: $lr}
space: {lr: {log: [1e-4, 1]}, depth: {int: [1, 4]}, optimizer: [sgd, adam]}
`;

/** Takes spans and says yes. */
const sink = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});
await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
const OTLP = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}` };
const PORT = 20_000 + (process.pid % 10_000);
const METRICS = `127.0.0.1:${PORT}`;

interface Kind {
  readonly name: string;
  readonly unwatched?: boolean;
  readonly read?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

const KINDS: readonly Kind[] = [
  { name: 'not measured at all', unwatched: true },
  { name: 'measured' },
  { name: 'measured, and read every second', read: true },
  {
    name: 'and 1 % of the trials traced',
    env: { ...OTLP, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
  },
  { name: 'and all of the trials traced', env: OTLP },
];

interface Result {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const best = new Map<Kind, Result>();
for (let round = 0; round < rounds; round += 1) {
  for (const kind of KINDS) {
    const { perSecond, cpuUs } = await measure(kind);
    const before = best.get(kind) ?? { perSecond: 0, cpuUs: Number.POSITIVE_INFINITY };
    best.set(kind, { perSecond: Math.max(before.perSecond, perSecond), cpuUs: Math.min(before.cpuUs, cpuUs) });
  }
}
const base = best.get(KINDS[0]!)!;
console.log(`null trials of ${SESSIONS} workers, best of ${rounds}, load ${loadavg()[0]!.toFixed(1)}`);
console.log('coordinator                       trials/s  of the first  CPU us/trial  of the first');
for (const kind of KINDS) {
  const { perSecond, cpuUs } = best.get(kind)!;
  const cells = [
    perSecond.toFixed(0),
    (perSecond / base.perSecond).toFixed(2),
    cpuUs.toFixed(1),
    (cpuUs / base.cpuUs).toFixed(2),
  ];
  console.log(kind.name.padEnd(32) + cells.map((cell, i) => cell.padStart([10, 14, 14, 14][i]!)).join(''));
}
process.exit(0);

async function measure({ unwatched = false, read = false, env = {} }: Kind): Promise<Result> {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-observe-'));
  const args = [
    '--listen',
    '127.0.0.1:0',
    '--state',
    folder,
    '--no-http',
    '--log-level',
    'silent',
    '--exit-with-parent',
  ];
  const coordinator = fork(MAIN, ['coordinator', ...args, ...(read ? ['--metrics', METRICS] : [])], {
    execArgv: unwatched ? ['--import', here('unwatched.js')] : [],
    env: { ...process.env, ...env },
  });
  const [{ listening: address }] = (await once(coordinator, 'message')) as [{ listening: string }];
  const reading = new AbortController();
  const reader = read ? readEverySecond(reading.signal) : Promise.resolve();
  const studies = openClient(address);
  const workers = fork(here('../overhead/client.js'), [address, String(SESSIONS), '1']);
  await studies.createStudy(SPEC, 'bench.yaml');
  let [study] = await studies.listStudies();
  while (study?.state !== 'STUDY_STATE_FINISHED') {
    await pause(250);
    [study] = await studies.listStudies();
  }
  const cpuMs = cpuMsOf(coordinator.pid!);
  reading.abort();
  await reader;
  studies.close();
  for (const child of [workers, coordinator]) await end(child);
  rmSync(folder, { recursive: true });
  return { perSecond: (trials / (study.finishedAtMs - study.createdAtMs)) * 1000, cpuUs: (cpuMs * 1000) / trials };
}

async function readEverySecond(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await (await fetch(`http://${METRICS}/metrics`)).text();
    await pause(1000, undefined, { signal }).catch(() => undefined);
  }
}

/** Processor time of a process so far, from Linux's own count of hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
