import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkEntrance,
  type Entrance,
  type EntranceConfig,
  openEntrance,
} from '../../../coordinator/access/entrance.js';
import { openSqliteTokens } from '../../../coordinator/access/sqlite-store.js';
import { ConfigError } from '../../../coordinator/errors.js';
import { LogLines } from './log-lines.js';

const tls = { cert: 'c.crt', key: 'c.key' };

describe('where a coordinator may listen', () => {
  it.each<[string, string[], EntranceConfig]>([
    ['on this machine alone', ['127.0.0.1:7070', '[::1]:0', 'localhost:1', '127.1.2.3:5'], {}],
    ['anywhere over TLS', ['0.0.0.0:7070', '10.0.0.5:7071'], { tls }],
    ['anywhere where everybody is trusted', ['0.0.0.0:7070'], { insecure: true }],
  ])('is %s', (_, addresses, config) => {
    expect(() => checkEntrance(addresses, config)).not.toThrow();
  });

  it.each<[string, string[], EntranceConfig, RegExp]>([
    [
      'an address of all',
      ['0.0.0.0:7070'],
      {},
      /0\.0\.0\.0:7070 can be reached .*assay init-tls --host \S+\n.*\n.*--tls-cert.*--insecure/s,
    ],
    [
      'an address of one',
      ['127.0.0.1:1', '10.0.0.5:7071'],
      {},
      /^10\.0\.0\.5:7071 can be reached .*init-tls --host 10\.0\.0\.5/s,
    ],
    ['a name', ['lab.example:7070'], {}, /lab\.example:7070 can be reached/],
    ['two', ['[fd00::1]:1', '[::]:2'], {}, /\[fd00::1\]:1 and \[::\]:2 can be reached .*--host fd00::1/s],
    ['tokens in plain text', ['10.0.0.5:1'], { requireTokens: true }, /10\.0\.0\.5:1 can be reached/],
    ['trust and tokens', ['10.0.0.5:1'], { insecure: true, tls }, /--insecure lets everybody in and --tls-cert asks/],
    [
      'trust and tokens on loopback',
      ['127.0.0.1:1'],
      { insecure: true, requireTokens: true },
      /--require-tokens does not/,
    ],
    [
      'tokens that nobody asks for',
      ['127.0.0.1:1'],
      { acceptTokens: [{ role: 'view', file: 'x' }] },
      /--accept-token is of no use/,
    ],
  ])('is not %s', (_, addresses, config, words) => {
    expect(() => checkEntrance(addresses, config)).toThrow(ConfigError);
    expect(() => checkEntrance(addresses, config)).toThrow(words);
  });
});

describe('the first tokens', () => {
  let folder: string;
  let log: LogLines;
  let entrance: Entrance | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'assay-entrance-'));
    log = new LogLines();
  });
  afterEach(async () => {
    await entrance?.close();
    entrance = undefined;
    rmSync(folder, { recursive: true });
  });
  const open = async (
    config: EntranceConfig = {},
    firstAdminFile: string | undefined = path.join(folder, 'admin.token'),
  ) => {
    entrance = await openEntrance(
      { requireTokens: true, ...config },
      { openStore: () => openSqliteTokens(folder), firstAdminFile, logger: log.logger },
    );
    return entrance.gate.tokens!;
  };
  const written = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };

  it('is an admin in a file that its owner alone can read, once', async () => {
    const file = path.join(folder, 'admin.token');
    const tokens = await open();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = readFileSync(file, 'utf8').trim();
    expect(tokens.check(secret, 'token')).toMatchObject({ role: 'admin' });
    expect(log.text).toContain(file);
    expect(log.text).not.toContain(secret);
    await entrance!.close();
    const again = await open();
    expect(again.list()).toHaveLength(1);
    expect(readFileSync(file, 'utf8').trim()).toBe(secret);
  });

  it('is made anew when there is no admin left', async () => {
    const tokens = await open();
    const [first] = tokens.list();
    await tokens.revoke(first!);
    await entrance!.close();
    const again = await open();
    expect(again.check(readFileSync(path.join(folder, 'admin.token'), 'utf8').trim(), 'token')).toMatchObject({
      role: 'admin',
    });
  });

  it('is asked for where no file would be found', async () => {
    await expect(
      openEntrance(
        { requireTokens: true },
        { openStore: () => openSqliteTokens(folder), firstAdminFile: undefined, logger: pino({ level: 'silent' }) },
      ),
    ).rejects.toThrow(/assay token create --role admin/);
  });

  it('can come from files of a deployment, which stay revoked once they are', async () => {
    const file = written('a', `${'s'.repeat(40)}\n`);
    const acceptTokens = [{ role: 'admin', file }] as const;
    const tokens = await open({ acceptTokens });
    const record = tokens.check('s'.repeat(40), 'token');
    expect(record).toMatchObject({ role: 'admin', name: file });
    expect(tokens.list()).toHaveLength(1);
    await tokens.revoke(tokens.list()[0]!);
    await entrance!.close();
    const again = await open({ acceptTokens });
    expect(again.check('s'.repeat(40), 'token')).toBe('revoked');
    expect(log.text).toContain('an accepted token is not let in: revoked');
  });

  it.each([
    ['short', 'secret', /must hold one token of at least 32 characters/],
    ['two words', `${'s'.repeat(40)} ${'t'.repeat(40)}`, /must hold one token/],
  ])('of a file must be long and one: %s', async (_, text, words) => {
    const file = written('a', text);
    await expect(open({ acceptTokens: [{ role: 'view', file }] })).rejects.toThrow(words);
  });

  it('of a file that is known with another role are refused', async () => {
    const file = written('a', 's'.repeat(40));
    await open({ acceptTokens: [{ role: 'view', file }] });
    await entrance!.close();
    await expect(open({ acceptTokens: [{ role: 'admin', file }] })).rejects.toThrow(
      /is known with the role view, not admin/,
    );
  });
});
