import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { BenchFleet } from '../fleet/fleet.js';

/*
 * Trials that do nothing, per second, beside Ray Tune and Optuna on the same machine in the same run: random search, one
 * value reported. Each has workers in processes of their own and keeps what it knows on the disk: Ray Tune its experiment's
 * folder, Optuna a SQLite database behind its gRPC proxy, Assay its log.
 *
 *   npm run bench:peers [-- --trials 300 --workers 8 --python PATH]
 *
 * Python's packages come into a virtual environment of their own (.peers) the first time. Where they cannot be installed the
 * peer is left out, and said why.
 */

const run = promisify(execFile);
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const ROOT = here('../../../');

const { values: options } = parseArgs({
  options: {
    trials: { type: 'string', default: '300' },
    workers: { type: 'string', default: '8' },
    python: { type: 'string' },
  },
});
const trials = Number(options.trials);
const workers = Number(options.workers);

/** What a peer's script prints. */
interface Told {
  readonly version: string;
  readonly trials: number;
  readonly seconds: number;
}

interface Peer {
  readonly name: string;
  readonly requirement: string;
  readonly module: string;
  readonly script: string;
}

const PEERS: readonly Peer[] = [
  { name: 'Ray Tune', requirement: 'ray[tune]==2.58.0', module: 'ray.tune', script: 'ray_null.py' },
  { name: 'Optuna', requirement: 'optuna==5.0.0 grpcio protobuf', module: 'optuna, grpc', script: 'optuna_null.py' },
];

/** Longest that pip and a peer may take, milliseconds. */
const INSTALL_MS = 600_000;
const RUN_MS = 600_000;
/** How long Assay is measured after its warm-up, milliseconds: much more than its peers need for so many trials a second. */
const WARM_UP_MS = 2_000;
const WINDOW_MS = 5_000;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-peers-'));
try {
  const assay = await measureAssay();
  row('', 'null trials/s', 'Assay is', 'load');
  row(`Assay, ${workers} workers`, rate(assay), '', load());
  for (const peer of PEERS) {
    const told = await measurePeer(peer).catch((error: unknown) => reasonOf(error));
    if (typeof told === 'string') row(peer.name, 'skipped', told, '');
    else {
      const perSecond = told.trials / told.seconds;
      row(`${peer.name} ${told.version}`, rate(perSecond), `${(assay / perSecond).toFixed(0)} times as fast`, load());
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measureAssay(): Promise<number> {
  const shape = { workers, slots: 1, trialMs: 0, jitter: 0, reports: 1 };
  const fleet = await BenchFleet.start({ workers: shape, processes: 1, state: folder, profile: undefined });
  await fleet.study();
  const complete = async (): Promise<number> => (await fleet.studies.listStudies())[0]!.counts!.complete;
  await pause(WARM_UP_MS);
  const [began, before] = [performance.now(), await complete()];
  await pause(WINDOW_MS);
  const perSecond = ((await complete()) - before) / ((performance.now() - began) / 1_000);
  await fleet.close();
  return perSecond;
}

async function measurePeer({ requirement, module, script }: Peer): Promise<Told> {
  const python = options.python ?? (await environment(requirement, module));
  const file = path.join(ROOT, 'bench/peers', script);
  const { stdout } = await run(python, [file, String(trials), String(workers), folder], {
    cwd: folder,
    timeout: RUN_MS,
    env: { ...process.env, RAY_AIR_NEW_OUTPUT: '0', RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO: '0' },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Told;
}

/** A Python that has a peer, made where there is none. */
async function environment(requirement: string, module: string): Promise<string> {
  const home = path.join(ROOT, '.peers');
  const python = path.join(home, 'bin/python');
  if (!existsSync(python)) await run('python3', ['-m', 'venv', home], { timeout: INSTALL_MS });
  const has = await run(python, ['-c', `import ${module}`]).then(
    () => true,
    () => false,
  );
  if (!has) await run(python, ['-m', 'pip', 'install', '--quiet', ...requirement.split(' ')], { timeout: INSTALL_MS });
  return python;
}

function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string };
  return (stderr.trim().split('\n').at(-1) || message.split('\n')[0]!).slice(0, 160);
}

function row(...cells: readonly string[]): void {
  const widths = [24, 14, 24, 6];
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(' ')
      .trimEnd(),
  );
}

function rate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
}

function load(): string {
  return loadavg()[0]!.toFixed(1);
}
