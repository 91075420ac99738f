import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openNatsTokens } from '../../coordinator/access/nats-store.js';
import { openSqliteTokens } from '../../coordinator/access/sqlite-store.js';
import type { TokenStore } from '../../coordinator/access/store.js';
import { drawSecret, hashOf, idOf } from '../../coordinator/access/token.js';
import { Tokens } from '../../coordinator/access/tokens.js';
import { clusterNames } from '../../coordinator/nats/names.js';
import { NATS, NatsServers } from '../nats/servers.js';

interface Place {
  /** Opens the store; a second one is another process's. */
  open(): Promise<TokenStore>;
  dispose(): void;
}

let servers: NatsServers | undefined;
let clusters = 0;
beforeAll(async () => {
  if (NATS.missing === undefined) servers = await NatsServers.start();
}, 60_000);
afterAll(() => servers?.close());

const adapters: Record<string, () => Place> = {
  sqlite: () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-tokens-'));
    return { open: async () => openSqliteTokens(folder), dispose: () => rmSync(folder, { recursive: true }) };
  },
  nats: () => {
    clusters += 1;
    const names = clusterNames(`tokens${clusters}`);
    const setup = { replicas: 1, logger: pino({ level: 'silent' }), signal: new AbortController().signal };
    return { open: async () => openNatsTokens(await servers!.connect(), names, setup), dispose: () => {} };
  },
};

describe.each(Object.keys(adapters))('tokens in %s', (name) => {
  let place: Place;
  let store: TokenStore;
  let other: TokenStore | undefined;
  beforeEach(async ({ skip }) => {
    if (name === 'nats' && NATS.missing !== undefined) skip(NATS.missing);
    place = adapters[name]!();
    store = await place.open();
  });
  afterEach(async () => {
    await other?.close();
    other = undefined;
    await store?.close();
    place?.dispose();
  });
  const make = (tokens: Tokens, secret: string) =>
    tokens.create({ sha256: hashOf(secret), role: 'view', name: 'one', expiresAtMs: 0 });
  /** Resolves with the next change that another one made. */
  const changed = (seen: TokenStore): Promise<void> => new Promise((resolve) => seen.follow(resolve));

  it('are there again, without the secret, for the next process', async () => {
    const secret = drawSecret();
    const made = await make(new Tokens(store), secret);
    await store.close();
    store = await place.open();
    expect(new Tokens(store).check(secret, 'token')).toEqual(made);
    expect(JSON.stringify([...store.all()])).not.toContain(secret);
    expect([...store.all()].map(({ id }) => id)).toEqual([idOf(hashOf(secret))]);
  });

  it('are known to other processes soon, and so are revocations', async () => {
    other = await place.open();
    const secret = drawSecret();
    const here = new Tokens(store);
    const there = new Tokens(other);
    const made = changed(other);
    const record = await make(here, secret);
    await made;
    expect(there.check(secret, 'token')).toMatchObject({ id: record.id });
    const revoked = changed(store);
    await there.revoke(record);
    await revoked;
    expect(here.check(secret, 'token')).toBe('revoked');
  });

  it('stay revoked when they are made again', async () => {
    const tokens = new Tokens(store);
    const secret = drawSecret();
    await tokens.revoke(await make(tokens, secret));
    expect((await make(tokens, secret)).revokedAtMs).toBeGreaterThan(0);
    expect(tokens.check(secret, 'token')).toBe('revoked');
  });

  it('end with what they let in: a session is gone with its token, and is no token itself', async () => {
    const tokens = new Tokens(store);
    const record = await make(tokens, drawSecret());
    const session = await tokens.logIn(record);
    expect(tokens.check(session, 'session')).toMatchObject({ kind: 'session', parent: record.id });
    expect(tokens.check(session, 'token')).toBe('unknown');
    expect(tokens.list()).toEqual([record]);
    await tokens.revoke(record);
    expect(tokens.check(session, 'session')).toBe('unknown');
    expect([...store.all()]).toHaveLength(1);
  });

  it('let no more than a hundred sessions in at a time, the newest ones', async () => {
    let now = 1_000;
    const tokens = new Tokens(store, () => now);
    const record = await make(tokens, drawSecret());
    const sessions: string[] = [];
    for (; sessions.length < 102; now += 1) sessions.push(await tokens.logIn(record));
    expect(
      sessions.map((session) => tokens.check(session, 'session')).filter((found) => found === 'unknown'),
    ).toHaveLength(2);
    expect(tokens.check(sessions[1]!, 'session')).toBe('unknown');
    now += 12 * 3_600_000;
    await tokens.logIn(record);
    expect([...store.all()]).toHaveLength(2);
  });
});

describe('tokens in sqlite', () => {
  it('are in a file that nobody else may read', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-tokens-'));
    const store = openSqliteTokens(folder);
    await new Tokens(store).create({ sha256: hashOf('x'), role: 'view', name: '', expiresAtMs: 0 });
    expect(statSync(path.join(folder, 'access.db')).mode & 0o777).toBe(0o600);
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
