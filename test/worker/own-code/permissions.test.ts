import { describe, expect, it } from 'vitest';
import { allowsRepository, holds, presentPermissions } from '../../../worker/own-code/permissions.js';

describe('what a worker presents', () => {
  it('is nothing of a study’s own when nothing was allowed', () => {
    expect(
      presentPermissions({ modules: [], command: false, commandFolders: [], upload: false, git: [], environment: [] }),
    ).toEqual({
      objectives: [],
      codeSources: [],
    });
  });

  it('is what was allowed', () => {
    expect(
      presentPermissions({
        modules: ['/m'],
        command: true,
        commandFolders: [],
        upload: true,
        git: [''],
        environment: [],
      }),
    ).toEqual({
      objectives: ['module', 'command'],
      codeSources: ['upload', 'git'],
    });
  });
});

describe('a repository', () => {
  const MINE = ['https://host/me'];

  it.each([
    [MINE, 'https://host/me', true],
    [MINE, 'https://host/me/code.git', true],
    [MINE, 'https://host/mean/code.git', false],
    [MINE, 'https://host/me/../you/code.git', false],
    [MINE, 'https://host/me/%2e%2E/you/code.git', false],
    [MINE, 'https://host/me/./code.git', false],
    [MINE, 'ssh://host/me/code.git', false],
    [[''], 'ssh://host/anybody/code.git', true],
    [[''], 'https://host/a/../b', false],
    [[], 'https://host/me', false],
  ])('below %j: %s is allowed: %s', (prefixes, url, allowed) => {
    expect(allowsRepository(prefixes, url)).toBe(allowed);
  });
});

describe('a folder', () => {
  it.each([
    ['/a/b', '/a/b', true],
    ['/a/b', '/a/b/c', true],
    ['/a/b', '/a/bc', false],
    ['/a/b', '/a', false],
    ['/a/b', '/a/b/..c', true],
    ['/', '/x', true],
  ])('%s holds %s: %s', (folder, path, expected) => expect(holds(folder, path)).toBe(expected));
});
