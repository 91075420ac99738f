import { once } from 'node:events';
import { createServer, get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventStream } from '../../../coordinator/dashboard/event-stream.js';
import { LARGEST_HEADERS, MOST_FOLLOWED, UNITS_AT_ONCE } from '../../../coordinator/limits.js';
import { Turnstile } from '../../../coordinator/rpc/turnstile.js';
import { type Served, serve } from './live-study.js';

let turnstile: Turnstile;
let served: Served;
beforeEach(async () => {
  turnstile = new Turnstile();
  served = await serve(turnstile);
});
afterEach(() => served.close());

const answers = async (
  path: string,
  init?: RequestInit,
): Promise<{ status: number; body: unknown; after: string | null }> => {
  const response = await fetch(`${served.address}${path}`, init);
  return { status: response.status, body: await response.json(), after: response.headers.get('retry-after') };
};

/** Spends what this machine may ask for, as its other calls would. */
function spend(units: number): void {
  const call = { getPeer: () => '127.0.0.1:1', once: () => {} };
  turnstile.pass('', 'call', call, {
    enter: (entry) => {
      entry.charge(units);
      entry.leave();
    },
    refuse: expect.fail,
  });
}

describe('a request', () => {
  it('is counted together with calls over gRPC, and refused in words when there were too many', async () => {
    expect(await answers('/api/studies')).toMatchObject({ status: 200 });
    spend(3 * UNITS_AT_ONCE);
    expect(await answers('/api/studies')).toEqual({
      status: 429,
      after: '1',
      body: { error: { code: 'limit', message: expect.stringContaining('units of work a second') } },
    });
  });

  it('may follow so many streams', async () => {
    const hangUp = new AbortController();
    const follow = (): Promise<Response> => fetch(`${served.address}/api/events`, { signal: hangUp.signal });
    const streams = await Promise.all(Array.from({ length: MOST_FOLLOWED }, follow));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    const more = await follow();
    expect([more.status, await more.text()]).toEqual([
      429,
      expect.stringContaining(`at most ${MOST_FOLLOWED} are possible`),
    ]);
    hangUp.abort();
  });

  it('has headers and a body of a sensible size', async () => {
    const long = { headers: { 'x-long': 'x'.repeat(LARGEST_HEADERS) } };
    expect((await fetch(`${served.address}/api/studies`, long)).status).toBe(431);
    const body = { method: 'POST', headers: { 'x-assay-change': '1' }, body: 'x'.repeat(5 * 2 ** 20) };
    expect(await answers('/api/studies', body)).toMatchObject({
      status: 400,
      body: { error: { message: 'the request is larger than 4 MiB' } },
    });
  });
});

describe('the host of a request', () => {
  const ask = async (host: string): Promise<number> => {
    const [response] = (await once(httpGet(`${served.address}/api/workers`, { headers: { host } }), 'response')) as [
      IncomingMessage,
    ];
    response.resume();
    return response.statusCode!;
  };

  it.each([
    ['localhost', 200],
    ['127.0.0.1:1', 200],
    ['[::1]', 200],
    ['[::1]:7071', 200],
    ['evil.example', 403],
    ['evil.example:7071', 403],
    ['localhost:x', 400],
    ['127.0.0.1.evil.example', 403],
  ])('%j is answered with %d', async (host, status) => expect(await ask(host)).toBe(status));
});

describe('a page that does not read', () => {
  it('is let go after a while, and one that reads is not', async () => {
    const streams: EventStream[] = [];
    const server = createServer((_, response: ServerResponse) => {
      const gone = (): void => void server.emit('gone');
      const stream: EventStream = new EventStream(response, 0, () => fill(stream), gone, 50);
      streams.push(stream);
    });
    // More than the system's own buffers take.
    const fill = (stream: EventStream): void => {
      if (stream === streams[1]) while (stream.ready) stream.send('x'.repeat(1_000_000), 1);
    };
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [reading] = (await once(httpGet({ port }), 'response')) as [IncomingMessage];
    reading.resume();
    const silent = connect(port, '127.0.0.1')
      .on('error', () => {})
      .pause();
    silent.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    while (streams.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const gone = once(server, 'gone');
    fill(streams[1]!);
    await gone;
    expect(streams.map(({ open }) => open)).toEqual([true, false]);
    silent.destroy();
    reading.destroy();
    server.closeAllConnections();
    server.close();
  });
});
