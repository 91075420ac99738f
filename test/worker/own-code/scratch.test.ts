import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openScratch } from '../../../worker/own-code/scratch.js';

const BUILT = fileURLToPath(new URL('../../../dist/worker/own-code/scratch.js', import.meta.url));

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'assay-scratch-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

it('a worker removes what killed workers have left, and nothing of those that live', async () => {
  const script = `const { openScratch } = await import(${JSON.stringify(BUILT)});
    const scratch = openScratch(${JSON.stringify(root)});
    const { writeFileSync } = await import('node:fs');
    writeFileSync((await scratch.create('left')) + '/file', 'x');
    console.log('ready'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  const first = openScratch(root);
  expect(readdirSync(root)).toHaveLength(2);
  other.kill('SIGKILL');
  await once(other, 'exit');
  writeFileSync(join(root, 'not-ours'), '');
  const second = openScratch(root);
  expect(readdirSync(root).sort()).toEqual(
    [first.folder, second.folder]
      .map((path) => path.slice(root.length + 1))
      .concat('not-ours')
      .sort(),
  );
  first.close();
  second.close();
  expect(existsSync(first.folder) || existsSync(second.folder)).toBe(false);
});

it('takes no folder that others may write to, or that only leads to one', () => {
  const open = join(root, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect(() => openScratch(open)).toThrow(
    `scratch folder ${open} must be a folder of yours that nobody else may write to`,
  );
  symlinkSync(root, join(root, 'link'));
  expect(() => openScratch(join(root, 'link'))).toThrow('must be a folder of yours');
});
