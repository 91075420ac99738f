import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryArtifacts, openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { ArtifactError, type ArtifactStore } from '../../../coordinator/artifacts/port.js';
import { createArtifactService } from '../../../coordinator/rpc/artifact-service.js';
import { type ArtifactClient, openArtifactClient } from '../../../proto/artifact-client.js';
import { ArtifactServiceClient, ArtifactServiceService, type UploadArtifactRequest } from '../../../proto/index.js';

const PATIENT = { patienceMs: 10_000 };

let contents: MemoryArtifacts;
let server: Server;
let port: number;
let client: ArtifactClient;

async function serve(artifacts: ArtifactStore): Promise<void> {
  server = new Server();
  const logger = pino({ level: 'silent' });
  server.addService(ArtifactServiceService, createArtifactService({ artifacts, maxArtifactBytes: 5_000_000, logger }));
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = openArtifactClient(`127.0.0.1:${port}`);
}

beforeEach(async () => {
  contents = new Map();
  await serve(openMemoryArtifacts(contents));
});
afterEach(() => {
  client.close();
  server.forceShutdown();
});

const idOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

function upload(content: Buffer, sha256 = idOf(content), by: ArtifactClient = client): Promise<void> {
  async function* read(): AsyncIterable<Uint8Array> {
    yield content;
  }
  return by.upload({ sha256, bytes: content.length, read }, PATIENT);
}

async function download(sha256: string, by: ArtifactClient = client): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of by.download(sha256, PATIENT)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a transfer', () => {
  it.each([0, 1, 262_144, 262_145, 4_000_003])('brings %d bytes there and back', async (bytes) => {
    const content = randomBytes(bytes);
    await upload(content);
    expect((await download(idOf(content))).equals(content)).toBe(true);
  });

  it('does not send what is there already, and keeps it as new', async () => {
    const content = randomBytes(1000);
    contents.set(idOf(content), { content, storedAt: 1 });
    const unread = { sha256: idOf(content), bytes: 1000, read: () => expect.fail('it was read') };
    await client.upload(unread, PATIENT);
    expect(contents.get(idOf(content))!.storedAt).toBeGreaterThan(1);
  });

  it('refuses content that is larger than allowed before it is sent', async () => {
    const content = Buffer.alloc(5_000_001);
    await expect(upload(content)).rejects.toMatchObject({
      message: 'an artifact of 5000001 bytes is too large: at most 5000000 bytes are taken here (--max-artifact)',
    });
    expect(contents.size).toBe(0);
  });

  it('says in one line that the disk is full, and does not try again', async () => {
    client.close();
    server.forceShutdown();
    const full = openMemoryArtifacts();
    await serve({ ...full, put: () => Promise.reject(new ArtifactError('full', 'there is no room left')) });
    await expect(upload(randomBytes(3_000_000))).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      message: 'there is no room left',
    });
  });

  it('says what is not there, and what is damaged', async () => {
    await expect(download('0'.repeat(64))).rejects.toMatchObject({ code: status.NOT_FOUND });
    contents.set('1'.repeat(64), { content: Buffer.from('other'), storedAt: 0 });
    await expect(download('1'.repeat(64))).rejects.toMatchObject({ code: status.DATA_LOSS });
  });

  it.each(['../../etc/passwd', '', 'F'.repeat(64)])('takes no name that is no hash: %j', async (name) => {
    await expect(upload(Buffer.from('x'), name)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(download(name)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('is given up when its signal says so', async () => {
    client.close();
    server.forceShutdown();
    const controller = new AbortController();
    const lonely = openArtifactClient(`127.0.0.1:${port}`);
    const content = randomBytes(10);
    const read = async function* () {
      yield content;
    };
    const given = lonely.upload({ sha256: idOf(content), bytes: 10, read }, { ...PATIENT, signal: controller.signal });
    controller.abort();
    await expect(given).rejects.toMatchObject({ name: 'TransferError' });
    lonely.close();
  });
});

/** Passes bytes on to the server, and breaks each of its first connections after so many bytes of them. */
async function breakingProxy(breaks: number, afterBytes: number, watch: 'up' | 'down'): Promise<NetServer> {
  let left = breaks;
  const proxy = createServer((near: Socket) => {
    const far = new (near.constructor as typeof Socket)().connect(port, '127.0.0.1') as Socket;
    let passed = 0;
    const count = (chunk: Buffer): void => {
      passed += chunk.length;
      if (left > 0 && passed > afterBytes) {
        left -= 1;
        near.destroy();
        far.destroy();
      }
    };
    (watch === 'up' ? near : far).on('data', count);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

describe.each(['up', 'down'] as const)('a line that breaks on the way %s', (way) => {
  it('is taken up again, and the content is whole', { timeout: 60_000 }, async () => {
    const content = randomBytes(4_500_000);
    const proxy = await breakingProxy(2, 1_500_000, way);
    const shaky = openArtifactClient(`127.0.0.1:${(proxy.address() as { port: number }).port}`);
    try {
      if (way === 'up') await upload(content, undefined, shaky);
      else await upload(content);
      expect((await download(idOf(content), way === 'down' ? shaky : client)).equals(content)).toBe(true);
      expect(contents.size).toBe(1);
    } finally {
      shaky.close();
      proxy.close();
    }
  });
});

describe('an upload that breaks the protocol', () => {
  const sha256 = idOf(Buffer.from('abcdef'));
  const header = (bytes = 6, name = sha256): UploadArtifactRequest => ({
    body: { $case: 'header', value: { sha256: name, bytes } },
  });
  const chunk = (offset: number, text: string): UploadArtifactRequest => ({
    body: { $case: 'chunk', value: { offset, data: Buffer.from(text) } },
  });

  function send(messages: readonly UploadArtifactRequest[]): Promise<void> {
    const stub = new ArtifactServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
    return new Promise<void>((resolve, reject) => {
      const call = stub.uploadArtifact(new Metadata(), (error: ServiceError | null) =>
        error === null ? resolve() : reject(error),
      );
      for (const message of messages) call.write(message);
      call.end();
    }).finally(() => stub.close());
  }

  it('takes one that keeps to it', async () => {
    await send([header(), chunk(0, 'abc'), chunk(3, 'def')]);
    expect([...contents.keys()]).toEqual([sha256]);
  });

  it.each([
    ['without a header', [chunk(0, 'abcdef')], /^an upload begins with its header$/],
    ['empty', [], /^an upload begins with its header$/],
    ['with a gap', [header(), chunk(0, 'abc'), chunk(4, 'ef')], /^a chunk is for offset 4, 3 bytes are here$/],
    ['with two headers', [header(), header()], /^after the header an upload has chunks alone$/],
    ['longer than announced', [header(5), chunk(0, 'abcdef')], /^more than the announced 5 bytes came$/],
    ['cut short', [header(), chunk(0, 'abc')], /^the upload ended after 3 of 6 bytes$/],
    ['with other content', [header(), chunk(0, 'abcxyz')], /was announced as .* and has the hash/],
    ['with a huge chunk', [header(2_000_000), chunk(0, 'x'.repeat(1_048_577))], /at most 1048576/],
  ])('refuses one %s, and keeps nothing', async (_, messages, why) => {
    const error = await send(messages).catch((reason: unknown) => reason as ServiceError);
    expect(error?.details).toMatch(why);
    expect(contents.size).toBe(0);
  });
});

describe('several coordinators', () => {
  it('are tried until one serves', async () => {
    const nobody = createServer();
    nobody.listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const gone = (nobody.address() as { port: number }).port;
    nobody.close();
    const wandering = openArtifactClient(`127.0.0.1:${gone},127.0.0.1:${port}`);
    try {
      const content = randomBytes(100_000);
      await upload(content, undefined, wandering);
      expect((await download(idOf(content), wandering)).equals(content)).toBe(true);
    } finally {
      wandering.close();
    }
  });
});
