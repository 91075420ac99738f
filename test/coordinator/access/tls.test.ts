import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../../../cli/client.js';
import { Certificates } from '../../../coordinator/access/certificates.js';
import { openArtifactClient } from '../../../proto/artifact-client.js';
import { type ClientAccess, ClientAccessError, wayTo } from '../../../proto/client-access.js';
import { createConnect } from '../../../worker/connect.js';
import { type Entered, startEntered } from './entered.js';
import { LogLines } from './log-lines.js';
import { TlsFiles } from './tls-files.js';

let tls: TlsFiles;
let strangers: TlsFiles;
beforeAll(async () => {
  tls = await TlsFiles.make();
  strangers = await TlsFiles.make();
});
afterAll(() => {
  tls.close();
  strangers.close();
});
let entered: Entered | undefined;
afterEach(async () => {
  await entered?.close();
  entered = undefined;
});

const QUICK = { callMs: 5_000, retryMs: 0, standbyMs: 0, awayMs: 0, pauseMs: 10 };

/** What a person, a worker and a transfer are told who connect so. */
async function toldTo(address: string, access: ClientAccess): Promise<string[]> {
  const client = openClient(address, QUICK, access);
  const artifacts = openArtifactClient(address, access);
  try {
    const person = client.listStudies().catch((error: Error) => error.message);
    const worker = new Promise<string>((resolve) => {
      const link = createConnect(
        address,
        access,
      )({ response: () => resolve('a session'), closed: ({ reason }) => resolve(reason) });
      link.send({ body: { $case: 'drain', value: {} } });
    });
    const content = { sha256: 'a'.repeat(64), bytes: 0, read: async function* () {} };
    const transfer = artifacts.upload(content, { patienceMs: 0 }).catch((error: Error) => error.message);
    return (await Promise.all([person, worker, transfer])).map(String);
  } finally {
    client.close();
    artifacts.close();
  }
}

describe('a connection that does not come about', () => {
  const cases: Record<
    string,
    { leaf?: object; clientCa?: true; access: () => ClientAccess; client: RegExp; server: RegExp }
  > = {
    'in plain text': {
      access: () => ({}),
      client: /this coordinator speaks TLS and was spoken to in plain text: name its certificate authority with --ca/,
      server: /it speaks plain text, and this port TLS/,
    },
    'with another authority': {
      access: () => ({ caFile: strangers.at('ca.crt') }),
      client: /the coordinator's certificate is of no authority that is trusted here: name its own with --ca/,
      server: /it left during the handshake: it does not accept this certificate/,
    },
    'with a certificate that has expired': {
      leaf: { days: -0.01 },
      access: () => ({ caFile: tls.at('ca.crt') }),
      client: /the coordinator's certificate has expired/,
      server: /it left during the handshake: it does not accept this certificate/,
    },
    'with a certificate of another host': {
      leaf: { hosts: ['other.example'] },
      access: () => ({ caFile: tls.at('ca.crt') }),
      client:
        /the coordinator's certificate is for other names \(other\.example\): connect to one of these, or name one with --tls-name/,
      server: /it left during the handshake: it does not accept this certificate/,
    },
    'without the certificate that is asked for': {
      clientCa: true,
      access: () => ({ caFile: tls.at('ca.crt') }),
      client: /this coordinator asks for a certificate of an authority of its own: name one with --cert and --key/,
      server: /it showed no certificate, and --tls-client-ca asks for one/,
    },
    'with a certificate of an authority that is not asked for': {
      clientCa: true,
      access: () => ({ caFile: tls.at('ca.crt'), certFile: strangers.at('w.crt'), keyFile: strangers.at('w.key') }),
      client: /this coordinator asks for a certificate of an authority of its own: name one with --cert and --key/,
      server: /its certificate is of none of the authorities in --tls-client-ca/,
    },
  };

  it.each(Object.entries(cases))(
    '%s is told in one line on both sides',
    async (_, { leaf, clientCa, access, client, server }) => {
      await strangers.leaf('w', { hosts: [] });
      const files = await tls.leaf('c', leaf);
      const log = new LogLines();
      entered = await startEntered({ tls: { ...files, ...(clientCa && { clientCa: tls.at('ca.crt') }) } }, log.logger);
      for (const told of await toldTo(entered.rpc, access())) {
        expect(told).toMatch(client);
        expect(told).not.toContain('\n');
      }
      await log.find(({ reason }) => server.test(reason ?? ''));
      // Three clients of one address for one reason: it is told once.
      expect(log.lines.filter(({ msg }) => msg === 'a client is not let in')).toHaveLength(1);
    },
  );

  it('with TLS to a port that speaks plain text is told to the client', async () => {
    entered = await startEntered();
    for (const told of await toldTo(entered.rpc, { caFile: tls.at('ca.crt') })) {
      expect(told).toMatch(/the coordinator speaks plain text, not TLS: leave --ca and --tls out/);
    }
  });
});

describe('a connection that is right', () => {
  it('is let in by address, by name, and by the name that was asked for, with the token of a file', async () => {
    const files = await tls.leaf('c', { hosts: ['127.0.0.1', 'localhost', 'lab.example'] });
    entered = await startEntered({ tls: files });
    const port = entered.rpc.split(':')[1];
    const access = { caFile: tls.at('ca.crt'), token: entered.secrets.view };
    for (const [address, more] of [
      [entered.rpc, {}],
      [`localhost:${port}`, {}],
      [entered.rpc, { serverName: 'lab.example' }],
    ] as const) {
      const client = openClient(address, QUICK, { ...access, ...more });
      expect(await client.listStudies()).toEqual([]);
      client.close();
    }
  });

  it('needs a certificate and a token where both are asked for', async () => {
    const files = await tls.leaf('c');
    const { cert, key } = await tls.leaf('worker', { hosts: [] });
    entered = await startEntered({ tls: { ...files, clientCa: tls.at('ca.crt') } });
    const shown = { caFile: tls.at('ca.crt'), certFile: cert, keyFile: key };
    const right = openClient(entered.rpc, QUICK, { ...shown, token: entered.secrets.view });
    expect(await right.listStudies()).toEqual([]);
    right.close();
    const tokenless = openClient(entered.rpc, QUICK, shown);
    await expect(tokenless.listStudies()).rejects.toThrow(/a token is needed/);
    tokenless.close();
  });

  it('shows a browser no request for a certificate, and sends plain text to the same place over TLS', async () => {
    const files = await tls.leaf('c');
    entered = await startEntered({ tls: { ...files, clientCa: tls.at('ca.crt') } });
    const plain = await fetch(entered.http.replace('https', 'http'), { redirect: 'manual' });
    expect([plain.status, plain.headers.get('location')]).toEqual([308, `${entered.http}/`]);
    const posted = await fetch(`${entered.http.replace('https', 'http')}/api/session`, { method: 'POST', body: '{}' });
    expect([posted.status, await posted.text()]).toEqual([400, expect.stringContaining(entered.http)]);
    const asked = request(`${entered.http}/api/session`, { ca: tls.authority.pair.cert }).end();
    const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});

describe('a token', () => {
  it('is not sent in plain text to another machine', () => {
    expect(() => wayTo('10.0.0.5:7070', { token: 'x' })).toThrow(ClientAccessError);
    expect(() => wayTo('10.0.0.5:7070', { token: 'x' })).toThrow(
      /not sent to 10\.0\.0\.5:7070 in plain text: name .* with --ca/,
    );
    expect(() => wayTo('127.0.0.1:7070', { token: 'x' })).not.toThrow();
    expect(() => wayTo('10.0.0.5:7070', {})).not.toThrow();
  });

  it('of a file that cannot be read is a fault that names it', () => {
    expect(() => wayTo('127.0.0.1:1', { tokenFile: '/nowhere' })).toThrow(
      '/nowhere (--token-file) cannot be read (ENOENT)',
    );
  });
});

describe('certificates that change', () => {
  /** The names that a new connection is shown. */
  async function shown(address: string): Promise<string | undefined> {
    const [host, port] = address.split(':');
    const socket: TLSSocket = connect({
      host,
      port: Number(port),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    await once(socket, 'secureConnect');
    const { subjectaltname }: PeerCertificate = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  }

  it('are shown to new connections at both doors, by file or by signal, and what is open goes on', async () => {
    const files = await tls.leaf('r');
    const log = new LogLines();
    entered = await startEntered({ tls: files }, log.logger);
    const client = openClient(entered.rpc, QUICK, { caFile: tls.at('ca.crt'), token: entered.secrets.view });
    const read = (times: number): Promise<unknown> =>
      log.find(() => log.lines.filter(({ msg }) => msg === 'certificates are read anew').length >= times);
    try {
      await client.listStudies();
      await tls.leaf('r', { hosts: ['127.0.0.1', 'new.example'] });
      await read(1);
      const http = new URL(entered.http).host;
      for (const address of [entered.rpc, http]) expect(await shown(address)).toContain('new.example');
      expect(await client.listStudies()).toEqual([]);
      await tls.leaf('r', { hosts: ['127.0.0.1', 'newer.example'] });
      process.kill(process.pid, 'SIGHUP');
      await read(2);
      expect(await shown(entered.rpc)).toContain('newer.example');
    } finally {
      client.close();
    }
  });

  it('that do not fit together change nothing until they do', async () => {
    const files = await tls.leaf('half');
    const log = new LogLines();
    const certificates = new Certificates(files, log.logger);
    try {
      const before = certificates.facts;
      tls.write('half', { cert: (await strangersLeaf()).cert, key: tls.authority.pair.key });
      process.kill(process.pid, 'SIGHUP');
      const line = await log.find(({ msg }) => msg.startsWith('certificates are not taken over'));
      expect(line.reason).toBe(`the key in ${files.key} is not that of the certificate in ${files.cert}`);
      expect(certificates.facts).toEqual(before);
      await tls.leaf('half', { hosts: ['after.example'] });
      await log.find(({ msg }) => msg === 'certificates are read anew');
      expect(certificates.facts.names).toBe('after.example');
    } finally {
      certificates.close();
    }
  });

  it.each([
    ['is not there', 'gone.crt', /the certificate in .*gone\.crt \(--tls-cert\) cannot be read \(ENOENT\)/],
    ['is none', 'ca.key', /ca\.key holds no certificate in PEM/],
  ])('are refused at the start when one %s', async (_, cert, words) => {
    const { key } = await tls.leaf('c');
    expect(() => new Certificates({ cert: tls.at(cert), key }, new LogLines().logger)).toThrow(words);
  });

  async function strangersLeaf(): Promise<{ cert: string }> {
    const { readFileSync } = await import('node:fs');
    return { cert: readFileSync((await strangers.leaf('s')).cert, 'utf8') };
  }
});
