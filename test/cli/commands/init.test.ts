import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initCommand } from '../../../cli/commands/init.js';
import { parseSearchFile } from '../../../coordinator/spec/index.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-init-'));
beforeEach(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

const init = (...args: string[]) => initCommand().parseAsync(args, { from: 'user' });

describe('assay init', () => {
  it('writes a file that passes the check and tells editors of the schema', async () => {
    const path = join(folder, 'new.yaml');
    await init(path);
    const text = readFileSync(path, 'utf8');
    expect(parseSearchFile(text, path)).toMatchObject({ ok: true, warnings: [] });
    const [first] = text.split('\n');
    const schema = /^# yaml-language-server: \$schema=(.*)$/.exec(first!)?.[1];
    expect(JSON.parse(readFileSync(schema!, 'utf8'))).toMatchObject({ title: 'Assay search file' });
  });

  it('overwrites only when it is told to', async () => {
    const path = join(folder, 'old.yaml');
    writeFileSync(path, 'mine');
    await expect(init(path)).rejects.toMatchObject({
      exitCode: 2,
      message: `${path} is already there: give another name, or --force to overwrite it`,
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    await init(path, '--force');
    expect(readFileSync(path, 'utf8')).toContain('space:');
  });

  it('explains where it cannot write', async () => {
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    await expect(init(taken, '--force')).rejects.toMatchObject({
      exitCode: 2,
      message: `${taken} is a folder: give the name of a file`,
    });
    const lost = join(folder, 'lost', 'x.yaml');
    await expect(init(lost)).rejects.toMatchObject({
      exitCode: 2,
      message: `there is no folder ${join(folder, 'lost')} to write ${lost} into`,
    });
  });
});
