// npm run bench:own-code: what starting an attempt of a study's own code costs, and whether many in a row leave anything.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { Assignment } from '../proto/index.js';
import { Resources } from '../worker/gpu/resources.js';
import { createCodeCache } from '../worker/own-code/cache.js';
import { createOwnCode } from '../worker/own-code/prepare.js';
import { openScratch } from '../worker/own-code/scratch.js';
import { createSlots, type Slots } from '../worker/slots.js';

const { values } = parseArgs({
  options: { attempts: { type: 'string', default: '500' }, starts: { type: 'string', default: '40' } },
});
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const code = join(folder, 'code');
mkdirSync(code);
writeFileSync(join(code, 'objective.mjs'), 'export const objective = (trial) => { trial.report({ value: 1 }); };\n');
const scratch = openScratch(join(folder, 'scratch'));
const slots = createSlots({
  slots: 1,
  backend: 'auto',
  data: { offline: true },
  stopGraceMs: 2_000,
  outputLimitBytes: 2 ** 29,
  ownCode: createOwnCode({
    permissions: { modules: [code], command: true, commandFolders: [code], upload: false, git: [], environment: [] },
    scratch,
    cache: createCodeCache({
      folder: join(folder, 'cache'),
      download: () => {
        throw new Error('nothing is uploaded');
      },
    }),
    cwd: code,
  }),
  resources: new Resources([], 1, 1, {}),
  logger: pino({ level: 'silent' }),
});

const KINDS = [
  ['null (no code of one’s own)', 'null', '{"steps":1}'],
  ['module', 'module', '"objective.mjs"'],
  ['command (sh)', 'command', JSON.stringify(['sh', '-c', `echo '{"value":1}' >&3`])],
] as const;

let trial = 0;

/** Milliseconds from the assignment to the first report, and to the end. */
function attempt(objective: string, configJson: string): Promise<{ readonly started: number; readonly ended: number }> {
  const from = performance.now();
  let started = Number.NaN;
  return new Promise((resolve, reject) => {
    const ref = { study: 'bench', trial: trial++, attempt: 1 };
    const assignment = Assignment.create({ attempt: ref, objective, configJson, paramsJson: '{}', seed: 1 });
    slots.start(assignment, {
      started: () => {
        started = performance.now() - from;
      },
      report: () => {},
      made: () => {},
      ended: ({ outcome, error }) => {
        if (outcome === 'completed') resolve({ started, ended: performance.now() - from });
        else reject(new Error(error));
      },
    });
  });
}

/** Waits until the slot's spare process is loaded. */
const warm = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 600));

function quantile(sorted: readonly number[], q: number): string {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(1).padStart(8);
}

async function starts(): Promise<void> {
  console.log(`start of an attempt in a warm slot, ms (${values.starts} each)`);
  console.log('                                   started: median     p95   ended: median     p95');
  for (const [name, objective, config] of KINDS) {
    await attempt(objective, config);
    const all: { readonly started: number; readonly ended: number }[] = [];
    for (let i = 0; i < Number(values.starts); i++) {
      await warm();
      all.push(await attempt(objective, config));
    }
    const started = all.map((one) => one.started).sort((a, b) => a - b);
    const ended = all.map((one) => one.ended).sort((a, b) => a - b);
    console.log(
      `${name.padEnd(38)} ${quantile(started, 0.5)} ${quantile(started, 0.95)}       ${quantile(ended, 0.5)} ${quantile(ended, 0.95)}`,
    );
  }
}

function row(done: number): string {
  globalThis.gc?.();
  const processes = children(process.pid);
  const files = readdirSync(scratch.folder).length;
  const { rss, heapUsed } = process.memoryUsage();
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1).padStart(8);
  const fds = String(readdirSync('/proc/self/fd').length).padStart(6);
  return `${String(done).padStart(8)} ${mib(rss)} ${mib(heapUsed)} ${fds} ${String(processes).padStart(10)} ${String(files).padStart(7)}`;
}

function children(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8');
    return sum + text.split(' ').filter((word) => word !== '').length;
  }, 0);
}

async function inARow(): Promise<void> {
  const count = Number(values.attempts);
  console.log(`\n${count} attempts in a row on one slot, module and command in turn`);
  console.log('attempts      RSS     heap    fds  processes   files   (MiB)');
  const from = performance.now();
  for (let i = 0; i < count; i++) {
    const [, objective, config] = KINDS[1 + (i % 2)]!;
    await attempt(objective, config);
    if ((i + 1) % Math.ceil(count / 10) === 0) console.log(row(i + 1));
  }
  console.log(`${((performance.now() - from) / count).toFixed(1)} ms each`);
}

async function run(open: Slots): Promise<void> {
  await open.probe();
  await warm();
  await starts();
  await inARow();
  await open.close();
  scratch.close();
  rmSync(folder, { recursive: true, force: true });
}

await run(slots);
