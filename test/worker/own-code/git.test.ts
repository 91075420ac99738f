import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodeCache } from '../../../worker/own-code/cache.js';
import { fetchRevision } from '../../../worker/own-code/git.js';

let root: string;
let url: string;
let first: string;
let second: string;
const signal = new AbortController().signal;

function git(...args: string[]): string {
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  return execFileSync('git', ['-C', join(root, 'repository'), ...args], { env, encoding: 'utf8' }).trim();
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'assay-git-'));
  mkdirSync(join(root, 'repository'));
  url = `file://${join(root, 'repository')}`;
  git('init', '--quiet');
  const commit = (text: string): string => {
    writeFileSync(join(root, 'repository', 'train.py'), text);
    git('add', '.');
    git('commit', '--quiet', '-m', text);
    return git('rev-parse', 'HEAD');
  };
  first = commit('one');
  second = commit('two');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a git revision', () => {
  it.each([
    ['the newest', () => second, 'two'],
    ['one that no branch names', () => first, 'one'],
  ])('is had with its files alone: %s', async (_, revision, text) => {
    const folder = join(root, `into-${text}`);
    await fetchRevision({ url, revision: revision() }, folder, signal);
    expect(readdirSync(folder)).toEqual(['train.py']);
    expect(readFileSync(join(folder, 'train.py'), 'utf8')).toBe(text);
  });

  it('that is not there is one clear line', async () => {
    const revision = 'f'.repeat(40);
    await expect(fetchRevision({ url, revision }, join(root, 'none'), signal)).rejects.toThrow(
      new RegExp(`^commit ${revision} cannot be had from ${url}: `),
    );
  });

  it('from where there is no repository is one clear line', async () => {
    await expect(fetchRevision({ url: `${url}x`, revision: first }, join(root, 'no'), signal)).rejects.toThrow(
      new RegExp(`^git cannot fetch from ${url}x: fatal: `),
    );
  });
});

describe('the cache of code', () => {
  it('fetches once for all, gives each a copy of its own, and tries again what failed', async () => {
    let downloads = 0;
    const download = (): AsyncIterable<Uint8Array> => {
      downloads += 1;
      throw new Error('the coordinator is away');
    };
    const cache = createCodeCache({ folder: join(root, 'cache'), download });
    const source = { git: { url, revision: second } };
    await Promise.all(['a', 'b'].map((name) => cache.copy(source, '', join(root, name), signal)));
    writeFileSync(join(root, 'a', 'train.py'), 'changed');
    rmSync(join(root, 'repository'), { recursive: true });
    await cache.copy(source, '', join(root, 'c'), signal);
    expect(['a', 'b', 'c'].map((name) => readFileSync(join(root, name, 'train.py'), 'utf8'))).toEqual([
      'changed',
      'two',
      'two',
    ]);
    const upload = { upload: { dir: '.', ignore: [] } };
    for (const count of [1, 2]) {
      await expect(cache.copy(upload, 'ab', join(root, 'd'), signal)).rejects.toThrow('the coordinator is away');
      expect(downloads).toBe(count);
    }
    expect(existsSync(join(root, 'd'))).toBe(false);
  });
});
