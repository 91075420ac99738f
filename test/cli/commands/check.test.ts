import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { checkCommand } from '../../../cli/commands/check.js';
import { UserError } from '../../../cli/fail.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-check-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

/** What the command writes to standard output, or the error it ends with. */
async function check(path: string): Promise<string | UserError> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await checkCommand().parseAsync([path], { from: 'user' });
    return write.mock.calls.map(([text]) => String(text)).join('');
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

describe('assay check', () => {
  it('says a sound file in one line', async () => {
    expect(await check('examples/grid.yaml')).toBe(
      'grid: 3 parameters, 16 configurations, sampler grid, pruner none\n',
    );
  });

  it('ends with exit code 2 and a line for every fault', async () => {
    const path = join(folder, 'faulty.yaml');
    writeFileSync(path, 'name: x\nbudget: {trials: 0}\nspace: {a: []}\nnull:\n');
    expect(await check(path)).toMatchObject({
      exitCode: 2,
      message: [
        `${path} has 2 faults`,
        `${path}:2:18 budget.trials: is 0, must be at least 1`,
        `${path}:3:12 space.a: has no choices; list at least one`,
      ].join('\n'),
    });
  });

  it.each([
    ['a file that is not there', 'nowhere.yaml', 'no file nowhere.yaml: write one with "assay init nowhere.yaml"'],
    ['a folder', folder, `${folder} is a folder: give a search file`],
  ])('explains %s in one line', async (_, path, message) => {
    expect(await check(path)).toMatchObject({ exitCode: 2, message });
  });
});
