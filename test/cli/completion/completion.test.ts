import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { candidatesFor } from '../../../cli/completion/candidates.js';
import { VERBS } from '../../../cli/verbs.js';
import { packagePath } from '../../../proto/package-path.js';
import { type FakeCoordinator, startFakeCoordinator } from '../fake-coordinator.js';

let coordinator: FakeCoordinator;
beforeAll(async () => {
  coordinator = await startFakeCoordinator();
});
afterAll(() => coordinator.close());

async function wordsFor(...words: string[]): Promise<unknown> {
  const found = await candidatesFor(VERBS, words);
  return typeof found === 'string' ? found : found.map(({ word }) => word);
}

describe('what the last word can become', () => {
  it.each([
    [['le'], ['leaderboard']],
    [['--v'], ['--version']],
    [['help', 'le'], ['leaderboard']],
    [['nonsense', ''], []],
    [['leaderboard', '--w'], ['--watch']],
    [
      ['trials', '--'],
      ['--coordinator', '--json', '--csv', '--ca', '--token-file', '--help'],
    ],
    [['export', '--format', 'c'], ['csv']],
    [
      ['export', '-f', ''],
      ['csv', 'json', 'yaml', 'html', 'tensorboard'],
    ],
    [['export', '--format=h'], ['--format=html']],
    [['completion', 'z'], ['zsh']],
    [['submit', ''], 'files'],
    [['submit', '--name', ''], []],
    [['submit', '--watch', 'sea'], 'files'],
    [['predict', ''], 'folders'],
    [['predict', 'model', ''], 'files'],
    [['predict', 'model', 'a.png', ''], 'files'],
    [['run', 's.yaml', '--state', ''], 'folders'],
    [['run', 's.yaml', 'another'], []],
    [['coordinator', '--notify-command', 'mail', ''], 'files'],
  ])('%j: %j', async (words, expected) => {
    expect(await wordsFor(...words)).toEqual(expected);
  });

  it('is a verb, any but a hidden one', async () => {
    const shown = VERBS.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
    expect(await wordsFor('')).toEqual([...shown, 'help']);
  });

  it('is a study or a worker of the coordinator that the words name', async () => {
    const at = ['--coordinator', coordinator.address];
    expect(await wordsFor('leaderboard', ...at, '')).toEqual(['digits']);
    expect(await wordsFor('show', ...at, 'd')).toEqual(['digits']);
    expect(await wordsFor('show', ...at, 'digits', '')).toEqual([]);
    expect(await wordsFor('compare', `--coordinator=${coordinator.address}`, 'digits', '')).toEqual([]);
    expect(await wordsFor('drain', '-c', coordinator.address, '')).toEqual(['worker-0']);
  });

  it('is nothing, and soon, where no coordinator answers', async () => {
    expect(await wordsFor('leaderboard', '--coordinator', '127.0.0.1:1', '')).toEqual([]);
    expect(await wordsFor('leaderboard', '--coordinator', 'nonsense', '')).toEqual([]);
    const silent = await startFakeCoordinator({ listStudies: () => undefined });
    expect(await wordsFor('leaderboard', '--coordinator', silent.address, '')).toEqual([]);
    silent.close();
  });
});

const MAIN = packagePath('dist', 'cli', 'main.js');

describe.skipIf(!existsSync(MAIN))('bash, with the script', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay completion '));
    chmodSync(MAIN, 0o755);
    symlinkSync(MAIN, join(folder, 'assay'));
    writeFileSync(join(folder, 'my search.yaml'), '');
    mkdirSync(join(folder, 'state'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What bash would offer at the end of a line, as its completion function is called by it. */
  function offered(line: string): Promise<string[]> {
    const script = `
      eval "$(assay completion bash)"
      compopt() { :; }
      COMP_LINE=$1 COMP_POINT=\${#1}
      "$(complete -p assay | sed 's/.*-F \\([^ ]*\\).*/\\1/')" assay
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, ASSAY_COORDINATOR: coordinator.address };
    return new Promise((resolve, reject) => {
      execFile('bash', ['-c', script, 'bash', line], { env, cwd: folder }, (error, out, err) => {
        if (error !== null || err !== '') reject(new Error(`${error?.message} ${err}`));
        else resolve(out.split('\n').slice(0, -1));
      });
    });
  }

  it.each([
    ['assay le', ['leaderboard']],
    ['assay  leaderboard  --j', ['--json']],
    ['assay leaderboard ', ['digits']],
    ['assay leaderboard --coordinator=127.0.0.1:1 ', ['']],
    ['assay submit ', ['assay', 'my search.yaml', 'state']],
    ['assay submit my', ['my search.yaml']],
    ['assay run x.yaml --state ', ['state']],
    // bash takes what follows "=" for the word to be completed.
    ['assay export --format=t', ['tensorboard']],
  ])('%j offers %j', async (line, expected) => {
    expect((await offered(line)).sort()).toEqual(expected);
  });
});
