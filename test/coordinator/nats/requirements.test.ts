import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { nkeys } from '@nats-io/transport-node';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../coordinator/errors.js';
import { connectNats, parseNatsUrl } from '../../../coordinator/nats/connection.js';
import { prepareLogStream } from '../../../coordinator/nats/log-stream.js';
import { clusterNames } from '../../../coordinator/nats/names.js';
import { checkLogStream, checkServerVersion } from '../../../coordinator/nats/requirements.js';
import { NATS, NatsServers } from '../../nats/servers.js';

describe('NATS addresses', () => {
  it.each([
    ['nats://a:4222', { servers: ['a:4222'], tls: false }],
    ['nats://a,b:4223, nats://[::1]:1', { servers: ['a:4222', 'b:4223', '[::1]:1'], tls: false }],
    ['tls://a:1,b:2', { servers: ['a:1', 'b:2'], tls: true }],
  ])('%s', (text, expected) => expect(parseNatsUrl(text)).toEqual(expected));

  it.each(['a:4222', 'nats://', 'nats://a:b', 'nats://a:4222,', 'nats://user:secret@a:4222', 'nats://a:70000'])(
    '%s is refused in one line',
    (text) => expect(() => parseNatsUrl(text)).toThrow(ConfigError),
  );
});

describe('server versions', () => {
  it.each(['2.9.10', '2.10.22', '1.99.99', 'unknown'])('%s is refused', (version) => {
    expect(checkServerVersion(version).fault).toMatch(version);
  });
  it.each(['2.10.23', '2.10.27', '2.11.9'])('%s is warned of', (version) => {
    expect(checkServerVersion(version)).toEqual({ warning: expect.stringContaining(version) });
  });
  it.each(['2.12.0', '2.15.1', '3.0.0-beta'])('%s is fine', (version) => {
    expect(checkServerVersion(version)).toEqual({});
  });
});

describe('the stream that a server describes', () => {
  const good = {
    name: 'LOG',
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
    max_msgs_per_subject: -1,
    subjects: ['assay.x.log'],
    sealed: false,
    first_seq: 0,
    num_replicas: 3,
    deny_delete: true,
    deny_purge: true,
  } as Partial<StreamConfig> as StreamConfig;
  const found = (change: Partial<StreamConfig>) => checkLogStream({ ...good, ...change }, 'assay.x.log');

  it('is fine when it keeps everything, three times', () => expect(found({})).toEqual([]));

  it.each([
    [{ storage: 'memory' }, /lost when its servers stop/],
    [{ max_age: 60e9 }, /60 s/],
    [{ retention: 'workqueue' }, /workqueue/],
    [{ discard: 'old', max_bytes: 1e9 }, /discards the oldest/],
    [{ max_msgs_per_subject: 1 }, /deletes the oldest/],
    [{ subjects: ['assay.>'] }, /assay\.>/],
    [{ sealed: true }, /sealed/],
    [{ persist_mode: 'async' }, /acknowledges what is not written/],
  ] as [Partial<StreamConfig>, RegExp][])('%j is refused', (change, words) => {
    expect(found(change)).toEqual([{ fault: expect.stringMatching(words) }]);
  });

  it.each([
    [{ num_replicas: 1 }, /its disk is lost the log is lost/],
    [{ num_replicas: 2 }, /either/],
    [{ deny_purge: false }, /can delete results/],
  ] as [Partial<StreamConfig>, RegExp][])('%j is warned of', (change, words) => {
    expect(found(change)).toEqual([{ warning: expect.stringMatching(words) }]);
  });
});

describe('a real server', () => {
  const silent = pino({ level: 'silent' });
  const { signal } = new AbortController();

  it('refuses whom it does not know, in one line', async (test) => {
    if (NATS.missing !== undefined) test.skip(NATS.missing);
    const servers = await NatsServers.start({ config: 'authorization { user: assay, password: right }', wait: false });
    const config = { servers: servers.addresses, tls: false, user: 'assay' };
    await expect(connectNats({ ...config, password: 'wrong' }, 'test', silent, signal)).rejects.toThrow(
      /does not let this coordinator in/,
    );
    const connection = await connectNats({ ...config, password: 'right' }, 'test', silent, signal);
    await connection.close();
    await servers.close();
  });

  it('lets in whoever holds an nkey, over TLS that is checked both ways', async (test) => {
    if (NATS.missing !== undefined) test.skip(NATS.missing);
    if (spawnSync('openssl', ['version']).status !== 0) test.skip('certificates need openssl');
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-tls-'));
    const at = (name: string): string => path.join(folder, name);
    const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test');
    for (const name of ['server', 'client']) {
      openssl('req', ...key.slice(0, 5), '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      writeFileSync(at('san'), 'subjectAltName=DNS:localhost');
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'san'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
    }
    const user = nkeys.createUser();
    writeFileSync(at('seed.nk'), `${new TextDecoder().decode(user.getSeed())}\n`);
    const files = `cert_file: "${at('server.pem')}", key_file: "${at('server.key')}", ca_file: "${at('ca.pem')}"`;
    const servers = await NatsServers.start({
      config: `tls { ${files}, verify: true }\nauthorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
      wait: false,
    });
    const config = {
      // By name: the client does not check a certificate against an IP address.
      servers: servers.addresses.map((address) => address.replace('127.0.0.1', 'localhost')),
      tls: true,
      caFile: at('ca.pem'),
      certFile: at('client.pem'),
      keyFile: at('client.key'),
    };
    const connection = await connectNats({ ...config, nkeyFile: at('seed.nk') }, 'test', silent, signal);
    await prepareLogStream(connection, clusterNames('tls'), 1, silent, signal);
    await connection.close();
    await expect(connectNats(config, 'test', silent, signal)).rejects.toThrow(/does not let this coordinator in/);
    await expect(connectNats({ ...config, nkeyFile: at('none.nk') }, 'test', silent, signal)).rejects.toThrow(
      /none\.nk.*cannot be read \(ENOENT\)/,
    );
    const stranger = { ...config, caFile: undefined, nkeyFile: at('seed.nk') };
    await expect(connectNats(stranger, 'test', silent, signal)).rejects.toThrow(/certificates of NATS .* do not agree/);
    await servers.close();
    rmSync(folder, { recursive: true });
  });

  it('that stands alone cannot hold three replicas, and says what to do', async (test) => {
    if (NATS.missing !== undefined) test.skip(NATS.missing);
    const servers = await NatsServers.start();
    const connection = await servers.connect();
    const names = clusterNames('alone');
    await expect(prepareLogStream(connection, names, 3, silent, signal)).rejects.toThrow(/--log-replicas 1/);
    // Made by somebody else, so that it loses what is older than a minute.
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: names.logStream, subjects: [names.logSubject], max_age: 60e9 });
    await expect(prepareLogStream(connection, names, 1, silent, signal)).rejects.toThrow(/max_age of 60 s/);
    await connection.close();
    await servers.close();
  });
});
