import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../e2e/processes.js';
import { failedWith, isAlive, OwnWorld } from './own-world.js';

let world: OwnWorld;

beforeAll(() => {
  world = new OwnWorld();
});

afterAll(() => world.close());

describe('a module', () => {
  it('gets its trial and reports', async () => {
    const attempt = world.module(
      `export async function objective(trial) {
         const { params, config, seed, study, number, attempt, shouldStop } = trial;
         if (JSON.stringify({ params, config, seed, study, number, attempt, shouldStop }) !== process.env.WANTED) {
           throw new Error(JSON.stringify({ params, config, seed, study, number, attempt, shouldStop }));
         }
         trial.report({ acc: params.lr });
         await trial.report({ acc: NaN, loss: Infinity }, 7);
         trial.report({ acc: 1 });
       }`,
      { paramsJson: '{"lr":0.5,"opt":"sgd","flag":true}' },
    );
    const { error } = await attempt.whenEnded;
    const given = JSON.parse(error.replace('Error: ', ''));
    expect(given).toMatchObject({
      params: { lr: 0.5, opt: 'sgd', flag: true },
      config: {},
      seed: 7,
      study: 'digits',
      attempt: 1,
      shouldStop: false,
    });
    const second = world.module(
      'export function objective(trial) { trial.report({ acc: 0.5 }); trial.report({ acc: NaN, loss: -Infinity }, 7); trial.report({ acc: 1 }); }',
    );
    expect(await second.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(second.reports).toEqual([
      { step: 1, metrics: { acc: 0.5 } },
      { step: 7, metrics: { acc: Number.NaN, loss: Number.NEGATIVE_INFINITY } },
      { step: 8, metrics: { acc: 1 } },
    ]);
  });

  it('may count its steps from 0', async () => {
    const attempt = world.module('export const objective = (t) => { t.report({ a: 1 }, 0); t.report({ a: 2 }, 1); };');
    await attempt.whenEnded;
    expect(attempt.reports.map(({ step }) => step)).toEqual([1, 2]);
  });

  it('may be written in TypeScript, and import its neighbours', async () => {
    world.write('neighbour.ts', 'export const half = (x: number): number => x / 2;\n');
    const attempt = world.module(
      `import { half } from './neighbour.js';
       interface Shape { readonly x: number }
       export async function run(trial: { config: Shape; report(m: Record<string, number>): void }): Promise<void> {
         trial.report({ acc: half(trial.config.x as number) });
       }`,
      { configJson: JSON.stringify({ file: 'typed.ts', export: 'run', config: { x: 3 } }) },
      'typed.ts',
    );
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(attempt.reports).toEqual([{ step: 1, metrics: { acc: 1.5 } }]);
  });

  it('has a folder of its own and a checkpoint, and leaves neither behind', async () => {
    const attempt = world.module(
      `import { readdirSync, writeFileSync } from 'node:fs';
       export async function objective(trial) {
         if (readdirSync(trial.directory).length > 0) throw new Error('not empty');
         writeFileSync(trial.directory + '/own', 'x');
         const before = await trial.checkpoint.load();
         await trial.checkpoint.save({ epoch: 3 });
         const { epoch } = await trial.checkpoint.load();
         await trial.checkpoint.save(new Uint8Array([1, 2]));
         const bytes = await trial.checkpoint.load();
         trial.report({ acc: before === undefined ? epoch : -1, bytes: bytes[1] });
         console.log(trial.directory);
       }`,
    );
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(attempt.reports).toEqual([{ step: 1, metrics: { acc: 3, bytes: 2 } }]);
    await waitFor('the folders to be gone', () => world.leftFolders().length === 0);
  });

  it('sees of the environment what programs need and what is passed on, nothing else', async () => {
    process.env['TEST_SECRET'] = 'secret';
    process.env['TEST_PASSED'] = 'passed';
    const text = `import { readFileSync } from 'node:fs';
      export const objective = (trial) => {
        const began = readFileSync('/proc/self/environ', 'latin1');
        throw new Error([process.env.TEST_SECRET, process.env.TEST_PASSED, process.env.PATH !== undefined, began.includes('secret')].join());
      };`;
    const attempt = world.module(text, { configJson: '{"file":"env.mjs","pass_env":["TEST_PASSED"]}' }, 'env.mjs');
    expect(await attempt.whenEnded).toEqual({ outcome: 'failed', error: 'Error: ,passed,true,false' });
  });
});

describe('a module that is told to stop', () => {
  it('sees it while it waits', async () => {
    const attempt = world.module(
      `export const objective = (trial) => new Promise((resolve, reject) => {
         trial.report({ acc: 1 });
         trial.signal.addEventListener('abort', () => reject(trial.signal.reason));
         setInterval(() => {}, 1000);
       });`,
    );
    await attempt.whenStarted;
    attempt.stop();
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
  });

  it('sees it in the middle of a loop', async () => {
    const attempt = world.module(
      `export const objective = (trial) => {
         trial.report({ acc: 1 });
         while (!trial.shouldStop);
         trial.report({ acc: 2 });
       };`,
    );
    await attempt.whenStarted;
    attempt.stop();
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
    expect(attempt.reports).toHaveLength(2);
  });
});

describe('a module that misbehaves', () => {
  const REPORTS = 'trial.report({ acc: 1 });';

  it.each([
    ['throws', `throw new TypeError('no such\\n layer');`, {}, 'TypeError: no such layer'],
    ['throws what is no error', `throw { a: 1 };`, {}, 'something that is no error was thrown: [object Object]'],
    [
      'throws later',
      `setTimeout(() => { throw new RangeError('late'); }, 5); await new Promise(() => setInterval(() => {}, 9));`,
      {},
      'RangeError: late',
    ],
    [
      'rejects where nobody looks',
      `Promise.reject(new Error('unseen')); await new Promise(() => setInterval(() => {}, 9));`,
      {},
      'Error: unseen',
    ],
    ['loops', `for (;;);`, { timeLimitMs: 1_500 }, 'time limit of 1s500ms reached'],
    [
      'hangs',
      `await new Promise(() => setInterval(() => {}, 1e6));`,
      { timeLimitMs: 1_500 },
      'time limit of 1s500ms reached',
    ],
    ['exits 0', `${REPORTS} process.exit(0);`, {}, 'the process exited with code 0'],
    ['exits 0 without a report', `process.exit(0);`, {}, 'the process exited with code 0'],
    ['exits 3', `console.error('giving up'); process.exit(3);`, {}, 'the process exited with code 3: giving up'],
    ['kills itself', `process.kill(process.pid, 'SIGSEGV'); for (;;);`, {}, 'the process was killed by SIGSEGV'],
    ['reports nothing', '', {}, /^objective\(trial\) of \S+ returned and reported nothing: call trial\.report/],
    [
      "never reports the study's metric",
      `trial.report({ acc: 0.5, loss: 1 }, 1);`,
      { metric: { name: 'accuracy', maximize: true, best: false } },
      /^objective\(trial\) of \S+ returned and reported acc, loss, but never accuracy, which is the study's metric$/,
    ],
    ['reports a text', `trial.report({ acc: '0.5' });`, {}, `metric "acc" must be a number, not '0.5'`],
    [
      'reports no object',
      `trial.report(0.5);`,
      {},
      'a report must be an object of numbers, like {"val_accuracy": 0.9}, not 0.5',
    ],
    [
      'goes back',
      `${REPORTS} trial.report({ acc: 1 }, 1);`,
      {},
      "a report's step must be above the last one, 1; it is 1",
    ],
    [
      'allocates beyond its limit',
      `const kept = []; for (;;) { kept.push(Buffer.alloc(1 << 24, 1)); await new Promise((r) => setTimeout(r, 5)); }`,
      { memoryLimitBytes: 300 * 2 ** 20 },
      /^memory limit of 300MiB reached: its processes took \d+MiB$/,
    ],
    [
      'prints beyond its limit',
      `const line = 'x'.repeat(1 << 16); for (;;) process.stdout.write(line);`,
      { outputLimitBytes: 50 * 2 ** 20 },
      'output limit of 50MiB reached',
    ],
  ])(
    '%s: one clear reason, and the next attempt runs',
    async (_, body, overrides, reason) => {
      const attempt = world.module(`export async function objective(trial) { ${body} }`, overrides);
      expect(await attempt.whenEnded).toEqual(failedWith(reason));
      const next = world.module(`export const objective = (trial) => { ${REPORTS} };`);
      expect(await next.whenEnded).toEqual({ outcome: 'completed', error: '' });
    },
    90_000,
  );

  it('fills its heap: the reason says so', async () => {
    const { NODE_OPTIONS } = process.env;
    process.env['NODE_OPTIONS'] = '--max-old-space-size=64';
    const small = new OwnWorld();
    try {
      const attempt = small.module(
        'export const objective = () => { const kept = []; for (;;) kept.push(new Array(1e5).fill(Math.random()).map(String)); };',
      );
      const { outcome, error } = await attempt.whenEnded;
      expect(outcome).toBe('failed');
      expect(error).toMatch(/^the process was killed by SIG(ABRT|TRAP|ILL): FATAL ERROR: .*heap/);
    } finally {
      await small.close();
      if (NODE_OPTIONS === undefined) delete process.env['NODE_OPTIONS'];
      else process.env['NODE_OPTIONS'] = NODE_OPTIONS;
    }
  }, 60_000);

  it('prints a gigabyte: the worker neither fills its memory nor its disk', async () => {
    const before = process.memoryUsage().rss;
    const attempt = world.module(
      `export const objective = (trial) => {
         const line = 'x'.repeat(1 << 20);
         for (let i = 0; i < 1000; i++) process.stdout.write(line);
         trial.report({ acc: 1 });
       };`,
    );
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
  }, 90_000);

  it('starts a process that leaves its group: it is gone with it', async () => {
    const attempt = world.module(
      `import { spawn } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       export async function objective(trial) {
         const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
         grandchild.unref();
         trial.report({ pid: grandchild.pid });
       }`,
    );
    await attempt.whenEnded;
    const pid = attempt.reports[0]!.metrics['pid']!;
    await waitFor('the grandchild to be gone', () => !isAlive(pid));
  });

  it('forks again and again: all of them are gone with it, and the reason is its own', async () => {
    const attempt = world.module(
      `import { spawn } from 'node:child_process';
       export function objective(trial) {
         for (let i = 1; i <= 40; i++) {
           const { pid } = spawn('sh', ['-c', 'sleep 1000 & sleep 1000'], { detached: i % 2 === 0, stdio: 'ignore' });
           trial.report({ pid }, i);
         }
         throw new Error('enough');
       }`,
    );
    expect(await attempt.whenEnded).toEqual({ outcome: 'failed', error: 'Error: enough' });
    const pids = attempt.reports.map(({ metrics }) => metrics['pid']!);
    expect(pids).toHaveLength(40);
    await waitFor('all of them to be gone', () => !pids.some(isAlive));
  }, 60_000);

  it.each([
    ['is not there', 'missing.mjs', /^module missing\.mjs is not there on this worker, in /],
    ['exports something else', 'other.mjs', /other\.mjs must export a function called objective; it exports a, b$/],
    ['is no module', 'broken.mjs', /^SyntaxError: /],
  ])('%s', async (_, file, reason) => {
    world.write('other.mjs', 'export const a = 1; export const b = 2;');
    world.write('broken.mjs', 'export const = ;');
    const { outcome, error } = await world.start('module', file).whenEnded;
    expect(outcome).toBe('failed');
    expect(error).toMatch(reason);
  });

  it('cannot take what it may not see: links that lead out of the allowed folder are refused', async () => {
    const outside = join(world.folder, 'outside.mjs');
    const { symlinkSync, writeFileSync } = await import('node:fs');
    writeFileSync(outside, 'export const objective = (trial) => trial.report({ acc: 1 });');
    symlinkSync(outside, join(world.code, 'link.mjs'));
    for (const file of ['link.mjs', '../outside.mjs', outside]) {
      const { outcome, error } = await world.start('module', file).whenEnded;
      expect(outcome).toBe('refused');
      expect(error).toBe(`${outside} does not lie in a folder that this worker allows (--allow-module ${world.code})`);
    }
    expect(existsSync(outside) && readFileSync(outside, 'utf8')).toContain('objective');
  });
});
