import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../cli/verbs.js';
import { packagePath } from '../../proto/package-path.js';
import { board } from './canned.js';
import { type FakeCoordinator, shown, startFakeCoordinator } from './fake-coordinator.js';

const MAIN = packagePath('dist', 'cli', 'main.js');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built program. Its standard output is a pipe, so it prints plain lines. */
function assay(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, ASSAY_COORDINATOR: '127.0.0.1:1', ...environment };
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describe('the verbs', () => {
  it.each(VERBS)('$name has a module, a description and examples of itself', async (verb) => {
    const command = await verb.load();
    expect(command.name()).toBe(verb.name);
    expect(command.description()).not.toBe('');
    for (const example of verb.examples) expect(example.split(' ').slice(0, 2)).toEqual(['assay', verb.name]);
    expect(verb.examples.length).toBeGreaterThan(0);
  });
});

describe.skipIf(!existsSync(MAIN))('the program, built', () => {
  let coordinator: FakeCoordinator;
  let folder: string;

  beforeAll(async () => {
    coordinator = await startFakeCoordinator();
    folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
  });

  afterAll(() => {
    coordinator.close();
    rmSync(folder, { recursive: true });
  });

  it('lists every verb in its help, which is also what it says when called alone', async () => {
    const [help, alone] = await Promise.all([assay(['--help']), assay([])]);
    expect([help.code, alone.code]).toEqual([0, 0]);
    for (const { name, hidden } of VERBS) expect(new RegExp(`^  ${name} `, 'm').test(help.out)).toBe(hidden !== true);
    expect(alone.out).toBe(help.out);
  });

  it('says in words that a log cannot be read', async () => {
    writeFileSync(join(folder, 'log.db'), 'x'.repeat(5_000));
    const { code, err } = await assay(['coordinator', '--state', folder, '--listen', '127.0.0.1:0', '--no-http']);
    expect(err).toBe(`assay: ${join(folder, 'log.db')} is not a SQLite database\n`);
    expect(code).toBe(1);
  });

  it.each(['demo', 'backup', 'token'])(
    'breaks the description of %s where the terminal ends, nowhere else',
    async (verb) => {
      const { out } = await assay(['help', verb]);
      const lines = (out.split('\n\n')[1] ?? '').split('\n');
      expect(lines.length).toBeGreaterThan(1);
      for (const [index, line] of lines.slice(1).entries()) {
        expect(`${lines[index]} ${line.split(' ')[0]}`.length).toBeGreaterThan(80);
      }
    },
  );

  it('shows a verb by example', async () => {
    const { code, out } = await assay(['help', 'show']);
    expect(code).toBe(0);
    expect(out).toMatch(/\nExamples:\n {2}\$ assay show 7\n {2}\$ assay show digits 7\n$/);
  });

  it.each([
    [['leaderbord'], "assay: unknown command 'leaderbord'\n(Did you mean leaderboard?)\n"],
    [['trials', '--jsn'], "assay: unknown option '--jsn'\n(Did you mean --json?)\n"],
    [
      ['help', 'leaderbord'],
      'assay: there is no verb leaderbord (did you mean "leaderboard"?): "assay help" lists all\n',
    ],
    [['show', 'x'], 'assay: "x" is no trial\'s number: give a whole number from 0, such as 7\n'],
    [['submit', '/nowhere.yaml'], 'assay: no file /nowhere.yaml: write one with "assay init /nowhere.yaml"\n'],
    [['submit', '/'], 'assay: / is a folder: give a search file\n'],
    [['run', 'no.yaml', '--datasets', '/nowhere'], 'assay: --datasets /nowhere: there is no such folder\n'],
    [['demo', '--dataset', 'mnist', '--datasets', '/nowhere'], 'assay: --datasets /nowhere: there is no such folder\n'],
    [['rerun', 'digits'], 'assay: "digits" is no trial\'s number: give a whole number from 0, such as 7\n'],
  ])('answers %j with one clear line and exit code 2', async (args, line) => {
    expect(await assay(args)).toEqual({ code: 2, out: '', err: line });
  });

  it('prints every fault of a search file, and starts nothing', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'name: bad\nbudget: {trials: 0}\ntrain: {}\nspace: {lr: {log: [1, 0.1]}}\n');
    const { code, out, err } = await assay(['submit', file], { ASSAY_COORDINATOR: coordinator.address });
    expect([code, out]).toEqual([2, '']);
    const lines = err.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^assay: .*bad\.yaml has \d+ faults$/);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines.slice(1)) expect(line).toMatch(/bad\.yaml:\d+:\d+ /);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('watching that is ended by %s says so with exit code %i', async (signal, code) => {
    const following = await startFakeCoordinator({
      watchLeaderboard: (call) => void call.write(shown(board())),
      getOutput: (_call, done) =>
        done(null, {
          study: 'digits',
          attempt: 1,
          live: true,
          over: false,
          totalBytes: 6,
          data: Buffer.from('hello\n'),
        }),
    });
    const ends = [
      ['leaderboard', '--watch'],
      ['logs', '7', '--follow'],
    ].map(async (args) => {
      const env = { ...process.env, ASSAY_COORDINATOR: following.address };
      const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.once('data', () => child.kill(signal));
      return new Promise((resolve) => child.once('close', resolve));
    });
    expect(await Promise.all(ends)).toEqual([code, code]);
    following.close();
  });

  it('says which coordinator is not there', async () => {
    const { code, err } = await assay(['studies']);
    expect(code).toBe(1);
    expect(err).toBe(
      'assay: no coordinator at 127.0.0.1:1 (connection refused): start one with "assay coordinator" or name another with --coordinator\n',
    );
  });

  it('prints a board as plain text, JSON and CSV into a pipe', async () => {
    const environment = { ASSAY_COORDINATOR: coordinator.address };
    const [text, json, csv] = await Promise.all([
      assay(['leaderboard'], environment),
      assay(['leaderboard', '--json'], environment),
      assay(['leaderboard', '--csv'], environment),
    ]);
    expect(text.out).toMatch(/^digits {2}running/);
    expect(text.out.includes('\u001b')).toBe(false);
    expect(JSON.parse(json.out)).toMatchObject({
      study: { id: 'digits' },
      rows: [{ rank: 1, trial: { number: 0 } }, {}, {}, {}, {}],
    });
    expect(csv.out.split('\r\n')).toHaveLength(7);
  });

  it('follows a study in plain lines into a pipe, to its end', async () => {
    const { code, out } = await assay(['leaderboard', '--watch', '--coordinator', coordinator.address]);
    expect(code).toBe(0);
    expect(out).toMatch(/^digits is running: 14\/24 done/);
    expect(out).toMatch(/^best configuration {2}\(trial 0, val_accuracy 0\.9000 at step 9\)$/m);
  });

  it('shows one trial, and passes on that there is none', async () => {
    const environment = { ASSAY_COORDINATOR: coordinator.address };
    expect((await assay(['show', '3'], environment)).out).toMatch(/^digits trial 3 {2}complete/);
    expect(await assay(['show', '99'], environment)).toEqual({
      code: 2,
      out: '',
      err: 'assay: digits has no trial 99\n',
    });
  });

  it('ends quietly when its reader goes away', async () => {
    const child = spawn('/bin/sh', ['-c', `"${process.execPath}" "${MAIN}" leaderboard --json | head -1`], {
      env: { ...process.env, ASSAY_COORDINATOR: coordinator.address },
    });
    let err = '';
    child.stderr.on('data', (data) => {
      err += String(data);
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(err).toBe('');
  });
});
