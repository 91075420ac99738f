import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSearchFile } from '../../cli/search-file.js';

const TEXT = `# mine
name: first # a comment
budget: {trials: 3}
null: {}
space:
  x: {float: [0, 1]}
`;

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-search-'));
  path = join(folder, 'search.yaml');
  writeFileSync(path, TEXT);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a search file', () => {
  it('is submitted as it was written', async () => {
    const file = await readSearchFile(path);
    expect([file.text, file.spec.name, file.fileName]).toEqual([TEXT, 'first', path]);
  });

  it('takes a name and a seed from the command line, and keeps its comments', async () => {
    const { text, spec } = await readSearchFile(path, { name: 'second', seed: 11 });
    expect([spec.name, spec.seed]).toEqual(['second', 11]);
    expect(text).toBe(`${TEXT.replace('first', 'second')}seed: 11\n`);
  });

  it('takes a number of trials from the command line', async () => {
    const { text, spec } = await readSearchFile(path, { trials: 7 });
    expect(spec.budget.trials).toBe(7);
    expect(text).toBe(TEXT.replace('trials: 3', 'trials: 7'));
  });

  it('is refused with a name that cannot be one', async () => {
    await expect(readSearchFile(path, { name: 'no good/name' })).rejects.toThrow(/search\.yaml has a fault\n.*name/);
  });
});
