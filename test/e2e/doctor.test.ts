import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { World } from './processes.js';

interface Doctor {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly level: string;
    readonly words: string;
    readonly advice: string;
  }[];
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

it('finds out what keeps a machine from a coordinator with TLS and tokens, step by step', {
  timeout: 240_000,
}, async () => {
  const made = await world.run('init-tls', '--host', '127.0.0.1', '--out', 'tls');
  expect({ ...made, code: 0 }).toEqual(made);
  const tls = (name: string): string => path.join(world.folder, 'tls', name);
  await world.coordinator('--tls-cert', tls('coordinator.crt'), '--tls-key', tls('coordinator.key'));
  const admin = path.join(world.folder, 'state', 'admin.token');
  const doctor = async (...args: string[]): Promise<readonly [number | null, Doctor]> => {
    const { code, stdout, stderr } = await world.run('doctor', '--json', '--offline', ...args);
    expect(stderr).toBe('');
    return [code, JSON.parse(stdout) as Doctor];
  };
  const of = ({ findings }: Doctor, check: string) => findings.find((one) => one.check === check);
  const [plainCode, plain] = await doctor();
  expect([plainCode, plain.ok]).toEqual([1, false]);
  expect(of(plain, 'coordinator')).toMatchObject({ level: 'fault' });
  const [untrustedCode, untrusted] = await doctor('--tls');
  expect(untrustedCode).toBe(1);
  expect(of(untrusted, 'coordinator')).toMatchObject({ level: 'fault', words: expect.stringContaining('authority') });
  expect(of(untrusted, 'tls')).toMatchObject({ words: expect.stringContaining('not trusted here') });
  const [, tokenless] = await doctor('--ca', tls('ca.crt'));
  expect(of(tokenless, 'token')).toMatchObject({ level: 'fault', words: 'a token is needed' });
  await world.run(
    'token',
    'create',
    '--role',
    'worker',
    '--name',
    'box',
    '--out',
    'box.token',
    '--ca',
    tls('ca.crt'),
    '--token-file',
    admin,
  );
  const [code, well] = await doctor('--ca', tls('ca.crt'), '--token-file', path.join(world.folder, 'box.token'));
  expect([code, well.ok]).toEqual([0, true]);
  expect(of(well, 'token')).toMatchObject({ level: 'ok', words: expect.stringMatching(/\(box\), worker: /) });
  expect(of(well, 'tls')).toMatchObject({
    level: 'ok',
    words: expect.stringMatching(/^certificate of .*, until \d{4}-/),
  });
  expect(of(well, 'clock')).toMatchObject({ level: 'ok' });
  expect(well.findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['node', 'memory', 'state', 'cache', 'scratch', 'gpu', 'backend', 'data sets']),
  );
  const people = await world.run('doctor', '--offline', '--ca', tls('ca.crt'), '--token-file', admin);
  expect(people.stdout.trimEnd().split('\n').length).toBe(well.findings.length);
});
