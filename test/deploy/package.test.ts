import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../e2e/processes.js';
import { missing, ROOT, run } from './programs.js';

/* What people get: the tarball that `npm pack` makes, and what `npm i -g` makes of it. */

const MOST_BYTES = 10e6;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-package-'));
  // What is built is packed as it is: `npm test` has built it.
  const { stdout, text, code } = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  if (code !== 0) throw new Error(text);
  const answer = JSON.parse(stdout) as readonly Packed[] | Readonly<Record<string, Packed>>;
  [packed] = Object.values(answer) as [Packed];
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds the program, the dashboard, schema, protocol, examples, the Python helper and what deploys it', () => {
    const paths = packed.files.map((file) => file.path);
    for (const wanted of [
      'dist/cli/main.js',
      'dist/coordinator/dashboard/ui/index.html',
      'dist/search/index.d.ts',
      'dist/worker/objectives/public.d.ts',
      'search.schema.json',
      'proto/assay/v1/worker.proto',
      'proto/externalscaler/externalscaler.proto',
      'examples/digits.yaml',
      'examples/own-code/train_torch.py',
      'python/assay.py',
      'deploy/install-tfjs-node.mjs',
      'deploy/slurm/assay-worker.sbatch',
      'deploy/systemd/assay-worker.service',
      'README.md',
      'LICENSE',
    ]) {
      expect(paths).toContain(wanted);
    }
  });

  it('holds neither tests nor benches nor sources, nor anything that is somebody’s own', () => {
    const paths = packed.files.map((file) => file.path);
    expect(paths.filter((file) => /(^|\/)(test|bench)\/|\.test\./.test(file))).toEqual([]);
    expect(paths.filter((file) => /\.tsx?$/.test(file) && !/\.d\.ts$|^examples\//.test(file))).toEqual([]);
    expect(paths.filter((file) => /\.(key|db|log)$|(^|\/)\.assay\//.test(file))).toEqual([]);
  });

  it('is small', () => {
    expect(packed.size).toBeLessThan(MOST_BYTES);
    expect(packed.unpackedSize).toBeLessThan(MOST_BYTES);
  });
});

describe('npm i -g', () => {
  it('makes a program of it that works in an empty prefix', { timeout: 600_000 }, async (test) => {
    const npm = missing('npm');
    if (npm !== undefined) test.skip(npm);
    const [prefix, home] = [path.join(folder, 'prefix'), path.join(folder, 'home')];
    mkdirSync(home);
    // SQLite's binding takes minutes to compile where there is no ready one; this machine has it already, from `npm ci`.
    const whole = process.env['ASSAY_SLOW_TESTS'] === '1';
    const options = ['--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const file = path.join(folder, packed.filename);
    const installs = run('npm', ['install', ...options, ...(whole ? [] : ['--ignore-scripts']), file], {}, folder);
    expect(installs).toMatchObject({ code: 0 });
    const program = path.join(prefix, 'bin', 'assay');
    const installed = path.join(prefix, 'lib', 'node_modules', 'assay');
    if (!whole) {
      const binding = path.join('node_modules', 'better-sqlite3', 'build');
      cpSync(realpathSync(path.join(ROOT, binding)), path.join(installed, binding), { recursive: true });
    }
    expect(statSync(program).mode & 0o111).not.toBe(0);

    const env = { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache') };
    const version = run(program, ['--version'], env, folder);
    expect(version.stdout.trim()).toBe(
      (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }).version,
    );
    const search = path.join(folder, 'small.yaml');
    writeFileSync(
      search,
      'name: small\nmetric: {name: val_accuracy, goal: maximize}\nbudget: {trials: 2}\nsampler: random\n' +
        'train:\n  dataset: {name: digits, train: 200, validation: 100}\n' +
        '  architecture: {type: mlp, depth: 1, width: 8}\n  optimizer: {type: sgd, learning_rate: $lr}\n  batch_size: 32\n  epochs: 2\n' +
        'space: {lr: {log: [0.01, 1]}}\n',
    );
    const checked = run(program, ['check', search], env, folder);
    expect(checked).toMatchObject({ code: 0 });
    // Trains for real, with the engine's own files, and looks at the result.
    const ran = run(program, ['run', search, '--slots', '1'], env, folder);
    expect(ran).toMatchObject({ code: 0 });
    const listen = [
      '--listen',
      '127.0.0.1:0',
      '--http',
      '127.0.0.1:0',
      '--state',
      path.join(folder, '.assay', 'small'),
    ];
    const coordinator = spawn(program, ['coordinator', ...listen], { env: { ...process.env, ...env }, cwd: folder });
    try {
      let said = '';
      coordinator.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
      });
      const [, dashboard] = await waitFor(
        'the coordinator to listen',
        () => /"dashboard":"([^"]+)"/.exec(said) ?? false,
      );
      const answer = await fetch(`http://${dashboard!}/`);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('<title>Assay</title>');
      const studies = (await (await fetch(`http://${dashboard!}/api/studies`)).json()) as { studies: { id: string }[] };
      expect(JSON.stringify(studies)).toContain('small');
    } finally {
      coordinator.kill('SIGTERM');
      await once(coordinator, 'exit');
    }
    expect(existsSync(path.join(installed, 'search.schema.json'))).toBe(true);
  });
});
