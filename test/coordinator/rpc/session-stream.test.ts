import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { credentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { Gate } from '../../../coordinator/access/gate.js';
import { Door } from '../../../coordinator/rpc/door.js';
import { carrySession, type StreamLimits } from '../../../coordinator/rpc/session-stream.js';
import type { WorkerStream } from '../../../coordinator/rpc/sessions.js';
import {
  type SessionRequest,
  type SessionResponse,
  WorkerServiceClient,
  WorkerServiceService,
} from '../../../proto/index.js';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A door behind which sessions are carried, and nobody answers. */
async function openDoor(
  limits: Partial<StreamLimits>,
): Promise<{ port: number; opened: Promise<WorkerStream>; closed: Promise<void> }> {
  const whole = { attachMs: 60_000, unreadMs: 60_000, unreadBytes: 2 ** 20, ...limits };
  let closed = (): void => {};
  let open: (stream: WorkerStream) => void = () => {};
  const opened = new Promise<WorkerStream>((resolve) => {
    open = resolve;
  });
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const sessions = {
    open: (stream: WorkerStream) => {
      open(stream);
      return { receive: () => {}, close: () => closed() };
    },
  };
  const door = new Door([WorkerServiceService], new Gate());
  const session = (call: ServerDuplexStream<SessionRequest, SessionResponse>): void =>
    carrySession(call, sessions, whole);
  door.lead([{ definition: WorkerServiceService, handlers: { session } }]);
  ends.push(() => door.close());
  return { port: await door.bind('127.0.0.1', 0), opened, closed: isClosed };
}

describe("a worker's stream", () => {
  it('is ended when it says nothing', async () => {
    const { port, closed } = await openDoor({ attachMs: 20 });
    const client = new WorkerServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
    ends.push(() => client.close());
    const session = client.session();
    const [error] = await once(session, 'error');
    expect(error).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'no attach came within 0.02 s, and a session begins with one',
    });
    await closed;
  });

  it('is cut off when what is sent to it is not read, and the session hears of it', async () => {
    const { port, opened, closed } = await openDoor({});
    // A client of HTTP/2 alone, because that of gRPC reads whether anybody listens or not.
    const client = connect(`http://127.0.0.1:${port}`).on('error', () => {});
    ends.push(() => client.destroy());
    const stream = client.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: WorkerServiceService.session.path,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => {}).pause();
    const worker = await opened;
    const assignment = { configJson: 'x'.repeat(100_000), paramsJson: '' };
    let over = false;
    void closed.then(() => {
      over = true;
    });
    let sent = 0;
    while (!over) {
      const dispatch = { assignments: [assignment], stops: [], abandoned: [], acknowledged: 0, drain: 0 };
      worker.write({ body: { $case: 'dispatch', value: dispatch } } as unknown as SessionResponse);
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What fits into the windows of HTTP/2 and of the sockets, and a mebibyte; nowhere near what was offered.
    expect(sent * 100_000).toBeLessThan(8 * 2 ** 20);
  });
});
