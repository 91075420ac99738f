import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addAccessOptions, chosenAccess } from '../../cli/access-options.js';

afterEach(() => vi.unstubAllEnvs());

async function accessWith(environment: Readonly<Record<string, string>>, ...words: string[]) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const command = addAccessOptions(new Command('look')).action(() => {});
  await command.parseAsync(words, { from: 'user' });
  return chosenAccess();
}

describe('what a command shows a coordinator', () => {
  it('comes from options before variables', async () => {
    const access = await accessWith({ ASSAY_CA: 'a.crt', ASSAY_TOKEN: 'secret' }, '--ca', 'b.crt');
    expect(access).toMatchObject({ caFile: 'b.crt', token: 'secret' });
  });

  it('is nothing where a variable is empty', async () => {
    const access = await accessWith({ ASSAY_CA: '', ASSAY_TOKEN: '', ASSAY_TOKEN_FILE: '', ASSAY_CERT: '' });
    expect(access).toMatchObject({ caFile: undefined, token: undefined, tokenFile: undefined, certFile: undefined });
  });
});
