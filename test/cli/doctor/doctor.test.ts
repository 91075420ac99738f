import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkCoordinator } from '../../../cli/doctor/coordinator.js';
import type { Finding } from '../../../cli/doctor/finding.js';
import { checkDisk, checkMemory, checkNode } from '../../../cli/doctor/machine.js';
import { backendFinding, checkData } from '../../../cli/doctor/training.js';
import { openDoor } from '../../../coordinator/rpc/server.js';
import { AccessServiceService, Role, Token, type WhoAmIResponse } from '../../../proto/index.js';
import { PROTOCOL_VERSION } from '../../../proto/version.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const by = (findings: readonly Finding[], check: string): Finding => findings.find((one) => one.check === check)!;

describe('this machine', () => {
  it('needs the Node that the package asks for', () => {
    expect(checkNode('20.20.0').level).toBe('ok');
    expect(checkNode('26.0.1').level).toBe('ok');
    for (const old of ['20.19.9', '18.20.0']) {
      expect(checkNode(old)).toMatchObject({ level: 'fault', advice: 'install Node 20.20 or newer' });
    }
  });

  it('has memory and cores', () => {
    expect(checkMemory().words).toMatch(/^\d+(\.\d)? GiB of \d+(\.\d)? GiB free, \d+ cores?$/);
  });

  it('has room where something is to be written, also where no folder is yet', () => {
    const there = checkDisk('state', folder, '--state');
    expect(there.level).not.toBe('fault');
    expect(there.words).toContain(`${folder}: `);
    expect(checkDisk('state', path.join(folder, 'a', 'b'), '--state').level).not.toBe('fault');
  });

  it('says what stands in the way of a folder', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(checkDisk('state', file, '--state')).toEqual({
      check: 'state',
      level: 'fault',
      words: `${file}: is no folder`,
      advice: 'name another with --state',
    });
  });

  it('says when a folder is somebody else’s', (test) => {
    if (process.getuid?.() === 0) test.skip('root may write anywhere');
    chmodSync(folder, 0o500);
    expect(checkDisk('cache', path.join(folder, 'x'), '--cache')).toMatchObject({ level: 'fault' });
    chmodSync(folder, 0o700);
  });
});

describe('the training backend', () => {
  const chosen = (backend: string) => ({ ok: true, backend, backendReason: 'because' }) as const;

  it('comes with how to get a faster one that this machine could use', () => {
    expect(backendFinding(chosen('wasm'), false)).toEqual({
      check: 'backend',
      level: 'note',
      words: 'wasm: because',
      advice: expect.stringMatching(/^faster would be tfjs-node: npm install @tensorflow\/tfjs-node@/),
    });
    const wasted = backendFinding(chosen('wasm'), true);
    expect(wasted.level).toBe('warning');
    expect(wasted.advice).toMatch(/^faster would be tfjs-node-gpu: /);
  });

  it('needs nothing where it is the fastest', () => {
    expect(backendFinding(chosen('tfjs-node'), false)).toMatchObject({ level: 'ok', advice: '' });
    expect(backendFinding(chosen('tfjs-node-gpu'), true)).toMatchObject({ level: 'ok', advice: '' });
  });

  it('is a fault where there is none', () => {
    expect(backendFinding({ ok: false, fault: 'no wasm' }, false)).toMatchObject({
      level: 'fault',
      words: 'none runs here: no wasm',
    });
  });
});

describe('data', () => {
  it('that would be downloaded are told, and that they cannot be when offline', async () => {
    const places = { cacheDir: folder, offline: false };
    const [online] = await checkData(places);
    expect(online).toMatchObject({
      level: 'ok',
      words: expect.stringMatching(/^here: digits; downloaded when needed: .*mnist/),
    });
    const [offline] = await checkData({ ...places, offline: true });
    expect(offline).toMatchObject({ level: 'note', advice: '"assay datasets mnist" where there is a network' });
  });

  it('are asked for at a mirror', async () => {
    let asked = '';
    let status = 200;
    const server = createServer(({ url = '' }, response) => {
      asked = url;
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const look = async (): Promise<Finding> =>
      by(await checkData({ cacheDir: folder, offline: false, mirror }), 'mirror');
    expect(await look()).toMatchObject({ level: 'ok', words: `${mirror} has mnist` });
    expect(asked).toMatch(/^\/mnist\/.+\.gz$/);
    status = 404;
    expect(await look()).toMatchObject({ level: 'warning', words: `${mirror}${asked} answers 404` });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await look()).toMatchObject({ level: 'warning', words: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('a coordinator', () => {
  let server: Server;
  let address: string;
  let answer: () => WhoAmIResponse;
  beforeEach(async () => {
    server = new Server();
    const unused = (): void => {};
    server.addService(AccessServiceService, {
      whoAmI: (_: unknown, done: (error: null, value: WhoAmIResponse) => void) => done(null, answer()),
      createToken: unused,
      listTokens: unused,
      revokeToken: unused,
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    address = `127.0.0.1:${port}`;
    answer = () => says({});
  });
  afterEach(() => server.forceShutdown());

  const says = (more: Partial<WhoAmIResponse>): WhoAmIResponse => ({
    role: Role.ROLE_ADMIN,
    token: undefined,
    atMs: Date.now(),
    version: '1.2.3',
    protocolVersion: PROTOCOL_VERSION,
    ...more,
  });
  const look = (): Promise<readonly Finding[]> => checkCoordinator(address, {}, true);

  it('that is well is told in one line for each thing', async () => {
    const findings = await look();
    expect(findings.map(({ check, level }) => [check, level])).toEqual([
      ['coordinator', 'ok'],
      ['tls', 'ok'],
      ['token', 'ok'],
      ['clock', 'ok'],
    ]);
    expect(by(findings, 'coordinator').words).toMatch(/^127\.0\.0\.1:\d+ answers in [\d.]+ ms, Assay 1\.2\.3$/);
    expect(by(findings, 'token').words).toBe('none is asked for');
  });

  it('with another clock is told by how much, and which way', async () => {
    answer = () => says({ atMs: Date.now() + 7_200_000 });
    expect(by(await look(), 'clock')).toMatchObject({ level: 'warning', words: "2h 00m behind the coordinator's" });
    answer = () => says({ atMs: Date.now() - 30_000 });
    const behind = by(await look(), 'clock');
    expect(behind).toMatchObject({ level: 'note', advice: expect.stringContaining('NTP') });
    expect(behind.words).toMatch(/^(29|30)s ahead of the coordinator's$/);
  });

  it('of another version is a fault', async () => {
    answer = () => says({ protocolVersion: '9.0' });
    expect(by(await look(), 'coordinator')).toMatchObject({
      level: 'fault',
      advice: 'install the same version on both ends',
    });
  });

  it('says whose the token is, what it lets one do, and when it ends', async () => {
    const token = Token.create({ id: 'abcdef0123456789', name: 'box', role: Role.ROLE_WORKER });
    answer = () => says({ role: Role.ROLE_WORKER, token });
    expect(by(await look(), 'token')).toMatchObject({
      level: 'ok',
      words: 'abcdef0123 (box), worker: runs trials; submits and looks at nothing',
    });
    answer = () => says({ role: Role.ROLE_VIEW, token: { ...token, expiresAtMs: Date.now() + 3_600_000 } });
    expect(by(await look(), 'token')).toMatchObject({
      level: 'note',
      words: expect.stringMatching(/; it ends in (1h|59m)/),
    });
  });

  it('that is not there is a fault where it was named, and only then', async () => {
    server.forceShutdown();
    expect(await look()).toEqual([
      {
        check: 'coordinator',
        level: 'fault',
        words: `no coordinator at ${address} (connection refused)`,
        advice: 'start one with "assay coordinator" or name another with --coordinator',
      },
    ]);
    expect(await checkCoordinator(address, {}, false)).toMatchObject([{ check: 'coordinator', level: 'note' }]);
  });

  it('that stands by says who leads', async () => {
    const standby = await openDoor('127.0.0.1:0');
    standby.door.standBy({ leader: 'a:7070', confirmed: async () => undefined });
    expect(await checkCoordinator(standby.address, {}, true)).toMatchObject([
      { check: 'coordinator', level: 'ok', words: `${standby.address} stands by: a:7070 leads` },
    ]);
    standby.close();
  });
});
