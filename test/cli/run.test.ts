import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../../proto/package-path.js';

const MAIN = packagePath('dist', 'cli', 'main.js');
const TRIALS = 4;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-run-'));
  writeFileSync(
    join(folder, 'quick.yaml'),
    `name: quick\nbudget: {trials: ${TRIALS}}\nsampler: random\nnull: {steps: 5, delay_ms: 100}\nspace: {x: {float: [0, 1]}}\n`,
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the search with one slot; sends Ctrl-C when its output matches. */
function run(interruptAt?: RegExp, words: readonly string[] = ['quick.yaml', '--slots', '1']): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, 'run', ...words], { cwd: folder });
    let out = '';
    let err = '';
    let interrupted = false;
    child.stderr.on('data', (data) => {
      err += String(data);
    });
    child.stdout.on('data', (data) => {
      out += String(data);
      // Once: a second Ctrl-C ends everything at once.
      if (interrupted || interruptAt?.test(out) !== true) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

describe.skipIf(!existsSync(MAIN))('assay run, built', () => {
  it('goes on after Ctrl-C where it stopped', async () => {
    const first = await run(/^\[1\/4\]/m);
    expect(first.code).toBe(130);
    expect(first.err).toMatch(/^assay: dashboard at http:\/\/127\.0\.0\.1:\d+$/m);
    expect(first.err).toMatch(/stopped, nothing is lost; go on with: .* run quick\.yaml --slots 1\n$/);

    const second = await run();
    expect(second.err).toContain('assay: going on with the unfinished study quick\n');
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/^quick is running: [12]\/4 done/);
    expect(second.out).toMatch(/^best configuration/m);
    // A model to take is promised only where trials leave one.
    expect(second.err).not.toContain('--export');
    expect(second.out).toMatch(/^quick: 4 complete in .* \(all 4 trials are done\)$/m);
    const ended = `${first.out}${second.out}`.match(/^\[\d\/4\] trial \d complete/gm);
    // Each trial has ended once. One may have ended between Ctrl-C and the end, unseen.
    expect(ended?.length).toBeGreaterThanOrEqual(TRIALS - 1);
    expect(new Set(ended?.map((line) => line.split(' ')[2])).size).toBe(ended?.length);
  }, 60_000);

  it('says what is wrong with what its worker is started with, and where data belong that it lacks', async () => {
    const lines = [
      'name: data',
      'budget: {trials: 1}',
      'train: {dataset: {csv: t.csv, label: y}, architecture: {depth: 0, width: 1}, batch_size: 8, epochs: 1,',
      '  optimizer: {learning_rate: $lr}}',
      'space: {lr: {log: [0.1, 1]}}',
    ];
    writeFileSync(join(folder, 'data.yaml'), lines.join('\n'));
    const noFolder = await run(undefined, ['data.yaml', '--datasets', 'nowhere']);
    expect(noFolder.err).toBe('assay: --datasets nowhere: there is no such folder\n');
    expect(noFolder.code).toBe(2);
    const noData = await run(undefined, ['data.yaml']);
    expect(noData.err).toMatch(
      /has no t\.csv in its folder of data sets.*: say with --datasets DIR where its data are$/m,
    );
    expect(noData.code).toBe(1);
  }, 60_000);
});
