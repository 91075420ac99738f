import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { type ClientUnaryCall, credentials, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST_GIVEN_UP } from '../../../coordinator/limits.js';
import { watchArrivals } from '../../../coordinator/rpc/arrivals.js';
import { StudyServiceClient, StudyServiceService } from '../../../proto/index.js';

let cut: string[];
let server: Server;
let address: string;
let client: StudyServiceClient;
/** Answers to calls that have come and were given none. */
let waiting: (() => void)[];
beforeEach(async () => {
  cut = [];
  waiting = [];
  server = new Server({ interceptors: [watchArrivals({ cut: (peer) => cut.push(peer), drop: () => {} })] });
  const wait = (_: unknown, answer: (error: null, response: object) => void): void => {
    waiting.push(() => answer(null, { studies: [] }));
  };
  const names = Object.keys(StudyServiceService);
  server.addService(StudyServiceService, Object.fromEntries(names.map((name) => [name, wait])));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  address = `127.0.0.1:${port}`;
  client = new StudyServiceClient(address, credentials.createInsecure());
});
afterEach(() => {
  client.close();
  server.forceShutdown();
});

interface Called {
  readonly call: ClientUnaryCall;
  readonly ended: Promise<ServiceError | null>;
}

/** So many calls that have all arrived. */
async function calls(count: number): Promise<Called[]> {
  const before = waiting.length;
  const made = Array.from({ length: count }, (): Called => {
    let end: (error: ServiceError | null) => void = () => {};
    const ended = new Promise<ServiceError | null>((resolve) => {
      end = resolve;
    });
    return { call: client.listStudies({}, end), ended };
  });
  await expect.poll(() => waiting.length).toBe(before + count);
  return made;
}

describe('a connection', () => {
  it('is cut when it gives up dozens of calls in a moment', async () => {
    for (const { call } of await calls(MOST_GIVEN_UP + 1)) call.cancel();
    await expect.poll(() => cut).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  });

  it('is cut when it ends with dozens of calls under way, so that its address is known', async () => {
    const socket = connectTcp(Number(address.split(':')[1]), '127.0.0.1');
    const session = connect(`http://${address}`, { createConnection: () => socket }).on('error', () => {});
    for (let i = 0; i <= MOST_GIVEN_UP; i += 1) {
      const { path } = StudyServiceService.listStudies;
      const type = 'application/grpc';
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': type, te: 'trailers' });
      stream.on('error', () => {}).end(Buffer.alloc(5));
    }
    await expect.poll(() => waiting.length).toBe(MOST_GIVEN_UP + 1);
    expect(cut).toEqual([]);
    // As whoever vanishes: nothing is said of any call.
    socket.destroy();
    await expect.poll(() => cut).toHaveLength(1);
  });

  it('is not when it gives up fewer, or has its answers', async () => {
    const some = await calls(MOST_GIVEN_UP);
    for (const { call } of some) call.cancel();
    await Promise.all(some.map(({ ended }) => ended));
    const others = await calls(2 * MOST_GIVEN_UP - 1);
    for (const answer of waiting) answer();
    await Promise.all(others.map(({ ended }) => ended));
    expect(cut).toEqual([]);
  });
});
