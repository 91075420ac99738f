import { once } from 'node:events';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteTokens } from '../../../coordinator/access/sqlite-store.js';
import { Tokens } from '../../../coordinator/access/tokens.js';
import { setBearer } from '../../../proto/bearer.js';
import { wayTo } from '../../../proto/client-access.js';
import {
  AccessServiceClient,
  ArtifactServiceClient,
  type RevokeTokenResponse,
  Role,
  StudyServiceClient,
  type WhoAmIResponse,
} from '../../../proto/index.js';
import { createConnect } from '../../../worker/connect.js';
import type { Closed } from '../../../worker/link.js';
import { type Entered, startEntered } from './entered.js';
import { LogLines } from './log-lines.js';

let entered: Entered;
let log: LogLines;
beforeEach(async () => {
  log = new LogLines();
  entered = await startEntered({ requireTokens: true }, log.logger);
});
afterEach(() => entered.close());

const SPEC =
  'name: s\nmetric: {name: value}\nbudget: {trials: 9}\nsampler: random\nnull: {}\nspace: {x: {float: [0, 1]}}\n';

function studies(token: string): StudyServiceClient {
  const way = wayTo(entered.rpc, { token });
  return new StudyServiceClient(entered.rpc, way.credentials, way.options);
}

/** A worker's session that is attached, and how it ends. */
async function attach(token: string): Promise<{ readonly closed: Promise<Closed> }> {
  let attached: () => void = () => {};
  let closed: (why: Closed) => void = () => {};
  const isAttached = new Promise<void>((resolve) => {
    attached = resolve;
  });
  const isClosed = new Promise<Closed>((resolve) => {
    closed = resolve;
  });
  const link = createConnect(entered.rpc, { token })({ response: () => attached(), closed });
  const profile = {
    workerId: 'w',
    name: 'w',
    slots: 1,
    labels: {},
    backend: '',
    backendReason: '',
    objectives: ['null'],
  };
  const rest = {
    datasets: [],
    version: '',
    gpus: [],
    codeSources: [],
    memoryBytes: 0,
    running: [],
    protocolVersion: '1.1',
  };
  link.send({ body: { $case: 'attach', value: { ...profile, ...rest } } });
  await isAttached;
  return { closed: isClosed };
}

/** How a promise ends, and after how many milliseconds. */
async function timed<T>(ends: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const since = performance.now();
  return { value: await ends, ms: performance.now() - since };
}

describe('a token that is revoked', () => {
  it('cuts a worker off within a second, and tells it and the log why', async () => {
    const { secret, record } = await entered.letIn('worker');
    const { closed } = await attach(secret);
    await entered.entrance.gate.tokens!.revoke(record);
    const { value, ms } = await timed(closed);
    expect(value).toMatchObject({ reason: 'the token is revoked: ask an admin for another', retry: false });
    expect(ms).toBeLessThan(1_000);
    await log.find(({ msg }) => msg === 'worker detached');
  });

  it('cuts it off as soon when another process revokes it', async () => {
    const { secret, record } = await entered.letIn('worker');
    const { closed } = await attach(secret);
    const store = openSqliteTokens(entered.folder);
    await new Tokens(store).revoke(record);
    const { value, ms } = await timed(closed);
    expect(value.reason).toMatch(/revoked/);
    expect(ms).toBeLessThan(1_000);
    await store.close();
  });

  it('ends boards that are followed, uploads and events of pages, and lets nothing new in', async () => {
    const { secret, record } = await entered.letIn('admin');
    const client = studies(secret);
    await new Promise((resolve) =>
      client.createStudy({ requestId: 'a', spec: SPEC, fileName: '', codeDigest: '' }, resolve),
    );
    const board = client.watchLeaderboard({ study: '', top: 3, news: false });
    board.on('data', () => {});
    await once(board, 'data');
    const watched = once(board, 'error') as Promise<[ServiceError]>;

    const way = wayTo(entered.rpc, { token: secret });
    const artifacts = new ArtifactServiceClient(entered.rpc, way.credentials, way.options);
    const uploaded = new Promise<ServiceError | null>((resolve) => {
      const call = artifacts.uploadArtifact(new Metadata(), resolve);
      call.write({ body: { $case: 'header', value: { sha256: 'a'.repeat(64), bytes: 10 } } });
    });

    const events = await fetch(`${entered.http}/api/events`, { headers: { authorization: `Bearer ${secret}` } });
    const reader = events.body!.getReader();
    await reader.read();
    const cut = (async () => {
      for (;;) if ((await reader.read()).done) return 'ended';
    })().catch(() => 'cut');

    await entered.entrance.gate.tokens!.revoke(record);
    const [[error], upload] = await Promise.all([watched, uploaded, cut]);
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(upload).toMatchObject({ code: status.UNAUTHENTICATED });
    const again = await new Promise<ServiceError | null>((resolve) => client.listStudies({}, resolve));
    expect(again).toMatchObject({ code: status.UNAUTHENTICATED, details: expect.stringContaining('revoked') });
    const page = await fetch(`${entered.http}/api/studies`, { headers: { authorization: `Bearer ${secret}` } });
    expect([page.status, page.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    client.close();
    artifacts.close();
  });

  it('that ends by itself is cut off then', async () => {
    const { secret } = await entered.letIn('worker', Date.now() + 3_000);
    const { closed } = await attach(secret);
    expect(await closed).toMatchObject({ reason: 'the token has expired: ask an admin for another', retry: false });
  });

  it('leaves others alone', async () => {
    const { record } = await entered.letIn('worker');
    const { closed } = await attach(entered.secrets.worker);
    await entered.entrance.gate.tokens!.revoke(record);
    const client = studies(entered.secrets.view);
    // Once round the loop: who was to be cut is cut by then.
    await new Promise((resolve) => client.listStudies({}, resolve));
    client.close();
    await expect(Promise.race([closed, Promise.resolve('open')])).resolves.toBe('open');
  });
});

describe('the service of tokens', () => {
  let access: AccessServiceClient;
  beforeEach(() => {
    const way = wayTo(entered.rpc, { token: entered.secrets.admin });
    access = new AccessServiceClient(entered.rpc, way.credentials, way.options);
  });
  afterEach(() => access.close());
  const ask = <A>(start: (done: (error: ServiceError | null, answer: A) => void) => unknown): Promise<A> =>
    new Promise((resolve, reject) => start((error, answer) => (error === null ? resolve(answer) : reject(error))));
  const revoke = (token: string) => ask((done) => access.revokeToken({ token }, done));

  it('says who calls', async () => {
    const { role, token } = await ask<WhoAmIResponse>((done) => access.whoAmI({}, done));
    expect(role).toBe(Role.ROLE_ADMIN);
    expect(token).toMatchObject({ role: Role.ROLE_ADMIN, revokedAtMs: 0 });
  });

  it('answers who revokes the token that they come with', async () => {
    const { secret, record } = await entered.letIn('admin');
    const way = wayTo(entered.rpc, { token: secret });
    const client = new AccessServiceClient(entered.rpc, way.credentials, way.options);
    const answer = await ask<RevokeTokenResponse>((done) => client.revokeToken({ token: record.id }, done));
    expect(answer.token).toMatchObject({ id: record.id });
    await expect(ask((done) => client.listTokens({}, done))).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    client.close();
  });

  it('makes one token of a request that is repeated, and tells no hash', async () => {
    const request = { sha256: 'ab'.repeat(32), name: 'box', role: Role.ROLE_WORKER, expiresAtMs: 0 };
    const made = await ask((done) => access.createToken(request, done));
    expect(await ask((done) => access.createToken(request, done))).toEqual(made);
    expect(JSON.stringify(made)).not.toContain(request.sha256);
  });

  it.each([
    [{ sha256: 'xyz' }, 'sha256 must be 64 hexadecimal digits'],
    [{ role: Role.ROLE_UNSPECIFIED }, 'role must be admin, submit, view or worker'],
    [{ name: 'a\nb' }, "a token's name must have at most 100 characters, all of them visible"],
    [{ expiresAtMs: 5 }, 'the token would have expired already'],
  ])('refuses %j', async (fault, words) => {
    const right = { sha256: 'ab'.repeat(32), name: '', role: Role.ROLE_VIEW, expiresAtMs: 0 };
    const made = ask((done) => access.createToken({ ...right, ...fault }, done));
    await expect(made).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(words),
    });
  });

  it('revokes by name or the beginning of an id, but no two at once, and not the last admin', async () => {
    const tokens = entered.entrance.gate.tokens!;
    const twice = { role: 'view', name: 'twice', expiresAtMs: 0 } as const;
    await tokens.create({ ...twice, sha256: '01'.repeat(32) });
    await tokens.create({ ...twice, sha256: '02'.repeat(32) });
    await expect(revoke('twice')).rejects.toMatchObject({ details: expect.stringContaining('means several tokens') });
    await expect(revoke('nobody')).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(await revoke('0101')).toMatchObject({ token: { name: 'twice' } });
    expect(await revoke('twice')).toMatchObject({ token: { id: '02'.repeat(16) } });
    await revoke('first admin');
    const mine = tokens.list().find(({ role, name }) => role === 'admin' && name === '')!;
    await expect(revoke(mine.id)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

describe('what is written down', () => {
  it('is no token, whatever is done with it', async () => {
    const secrets = Object.values(entered.secrets);
    for (const token of [...secrets, `assay_${'y'.repeat(43)}`]) {
      const client = studies(token);
      await new Promise((resolve) => client.listStudies({}, resolve));
      await new Promise((resolve) => client.deleteStudy({ study: token }, resolve));
      const metadata = new Metadata();
      setBearer(metadata, token);
      await new Promise((resolve) => client.getTrial({ study: 's', trial: 1 }, metadata, resolve));
      client.close();
      await fetch(`${entered.http}/api/studies?token=${token}`, { headers: { authorization: `Bearer ${token}` } });
      const body = JSON.stringify({ token });
      const headers = { 'x-assay-change': '1', 'content-type': 'application/json' };
      await fetch(`${entered.http}/api/session`, { method: 'POST', headers, body });
    }
    expect(log.text).toContain('logged in on the dashboard');
    expect(log.text).not.toMatch(/assay_[\w-]{20}/);
    for (const token of secrets) expect(log.text).not.toContain(token);
  });
});
