import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Running, World, waitFor } from './processes.js';

/*
 * A coordinator that other machines can reach, as a user sets it up: certificates, tokens, a worker, a study, a restart, a
 * revocation. On an address of this machine that is none of loopback, where it has one.
 */

const HOST =
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
const TLS = ['--tls-cert', 'tls/coordinator.crt', '--tls-key', 'tls/coordinator.key'];
const SEARCH =
  'name: shared\nmetric: {name: value}\nbudget: {trials: 4}\nsampler: random\npruner: none\nnull: {value: $x}\nspace: {x: {float: [0, 1]}}\n';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const secretIn = (file: string): string => readFileSync(path.join(world.folder, file), 'utf8').trim();
const ok = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await world.run(...args);
  if (code !== 0) throw new Error(`assay ${args.join(' ')}: ${code}: ${stderr}`);
  return stdout;
};

async function start(): Promise<Running> {
  world.address ||= `${HOST}:0`;
  const running = await world.coordinator('--no-http', ...TLS);
  return running;
}

describe('a coordinator for other machines', () => {
  it('is set up, used, restarted and closed to a worker again, and nothing of it tells a token', async () => {
    const refused = await world.run('coordinator', '--listen', '0.0.0.0:0');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/init-tls.*--tls-cert.*--insecure/s) });

    await ok('init-tls', '--host', HOST);
    const files = readdirSync(path.join(world.folder, 'tls'));
    expect(files.sort()).toEqual([
      'ca.crt',
      'ca.key',
      'coordinator.crt',
      'coordinator.key',
      'worker.crt',
      'worker.key',
    ]);
    for (const file of files) expect(statSync(path.join(world.folder, 'tls', file)).mode & 0o777).toBe(0o600);
    const again = await world.run('init-tls', '--host', HOST);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/nothing is overwritten/) });

    let coordinator = await start();
    world.access = { ASSAY_CA: 'tls/ca.crt' };
    const tokenless = await world.run('studies');
    expect(tokenless).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^assay: a token is needed: .*--token-file/),
    });
    world.access = { ...world.access, ASSAY_TOKEN_FILE: 'state/admin.token' };
    const viewer = (await ok('token', 'create', '--role', 'view', '--name', 'looker')).trim();
    await ok('token', 'create', '--role', 'worker', '--name', 'box', '--out', 'box.token');
    expect(statSync(path.join(world.folder, 'box.token')).mode & 0o777).toBe(0o600);

    writeFileSync(path.join(world.folder, 's.yaml'), SEARCH);
    const denied = await world.run('submit', 's.yaml', '--token-file', 'box.token');
    expect(denied).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/needs one of the roles admin, submit; token \w+ has the role worker/),
    });
    await ok('submit', 's.yaml');
    const worker = world.worker('w', '--slots', '1', '--token-file', 'box.token');
    const complete = (count: number) =>
      waitFor(`${count} trials`, async () => {
        const [study] = await world.json<{ counts: { complete: number } }[]>('studies', '--json');
        return (study?.counts.complete ?? 0) >= count;
      });
    await complete(4);

    await coordinator.end('SIGKILL');
    coordinator = await start();
    await ok('extend', '--trials', '6');
    await complete(6);
    const listed = await world.json<{ name: string; role: string; revokedAtMs: number | null }[]>(
      'token',
      'list',
      '--json',
    );
    expect(listed.map(({ name, role }) => [name, role])).toEqual([
      ['first admin', 'admin'],
      ['looker', 'view'],
      ['box', 'worker'],
    ]);

    await ok('token', 'revoke', 'box', '--state', 'state');
    await waitFor('the worker to be cut off', () => worker.child.exitCode !== null);
    expect(worker.child.exitCode).toBe(1);
    expect(worker.output()).toMatch(
      /assay: refused by the coordinator at .*: the token is revoked: ask an admin for another/,
    );

    const secrets = [viewer, secretIn('box.token'), secretIn('state/admin.token')];
    const said =
      coordinator.output() + worker.output() + (await ok('token', 'list')) + (await ok('export', '--format', 'json'));
    for (const secret of secrets) expect(said).not.toContain(secret);
    const kept = readdirSync(path.join(world.folder, 'state'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name !== 'admin.token' && statSync(path.join(world.folder, 'state', name)).isFile())
      .map((name) => readFileSync(path.join(world.folder, 'state', name), 'latin1'));
    expect(kept.length).toBeGreaterThan(2);
    for (const secret of secrets) expect(kept.some((content) => content.includes(secret))).toBe(false);
  }, 240_000);

  it('takes renewed certificates over while it runs', async () => {
    await ok('init-tls', '--host', HOST);
    const coordinator = await start();
    world.access = { ASSAY_CA: 'tls/ca.crt', ASSAY_TOKEN_FILE: 'state/admin.token' };
    await ok('studies');
    await ok('init-tls', '--renew', '--host', `${HOST},renewed.example`);
    coordinator.child.kill('SIGHUP');
    await waitFor('the new certificate', () => /certificates are read anew/.test(coordinator.output()));
    expect(coordinator.output()).toContain('renewed.example');
    await ok('studies');
  }, 120_000);
});
