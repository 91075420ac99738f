import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { StudyServiceService, WorkerServiceService } from '../../proto/index.js';

/*
 * A client that means harm, in a process and at an address of its own. It speaks HTTP/2 itself, because grpc-js would keep
 * it from much of what it does. It never waits and always comes back.
 *
 *   node hostile.js PORT MODE
 */

const [port = '', mode = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(0));

/** Another address of this machine than the one that everybody else has. */
const OWN_ADDRESS = '127.0.0.2';
const CONNECTIONS = 8;
const GIGABYTE = 2 ** 30;

/** What came of it so far. */
const tally = { sent: 0, answered: 0, refused: 0, cut: 0 };
process.on('message', () => process.send?.(tally));

const MODES: Record<string, (session: ClientHttp2Session, connection: number) => Promise<void>> = {
  submits: async (session) => {
    for (let i = 0; i < 10_000 / CONNECTIONS && !session.destroyed; i++) {
      call(session, StudyServiceService.createStudy.path, framed(createStudy(STUDY)));
      // As fast as the connection takes them.
      if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
  },
  files: async (session) => {
    for (let i = 0; i < 10_000 / CONNECTIONS && !session.destroyed; i++) {
      call(session, StudyServiceService.createStudy.path, framed(createStudy(HOSTILE_FILE)));
      if (i % 4 === 3) await new Promise((resolve) => setImmediate(resolve));
    }
  },
  messages: async (session) => {
    const stream = call(session, StudyServiceService.createStudy.path, header(GIGABYTE), false);
    const piece = randomBytes(2 ** 20);
    for (let bytes = 0; bytes < GIGABYTE && !stream.destroyed; bytes += piece.length) {
      if (!stream.write(piece)) await room(stream);
    }
  },
  streams: async (session) => {
    const { path, requestSerialize } = StudyServiceService.watchLeaderboard;
    const watch = framed(requestSerialize({ study: '', top: 0, news: false }));
    for (let i = 0; i < 5_000 / CONNECTIONS && !session.destroyed; i++) {
      // Half of them sessions that never attach, half boards that nobody reads.
      if (i % 2 === 0) call(session, WorkerServiceService.session.path, Buffer.alloc(0), false);
      else call(session, path, watch).pause();
      if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    await event(session, 'close');
  },
};

/** Open for ever, because no worker has such a label. */
const STUDY = `
name: flood
metric: {name: value, goal: maximize}
budget: {trials: 1000}
"null": {steps: 1, value: $x}
space: {x: {float: [0, 1]}}
requires: {labels: {zone: nowhere}}
`;

/** As large as a file may be, and nothing in it is right. */
const HOSTILE_FILE = Array.from({ length: 20_000 }, (_, i) => `k${i}: {a: [b]}\n`).join('');

function createStudy(spec: string): Buffer {
  return StudyServiceService.createStudy.requestSerialize({ requestId: '', spec, fileName: '', codeDigest: '' });
}

const run = MODES[mode];
if (run === undefined) throw new Error(`there is no mode ${mode}`);
await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => again(connection)));

/** Connects, does harm, and comes back when it was cut off. */
async function again(connection: number): Promise<never> {
  for (;;) {
    const session = connect(`http://127.0.0.1:${port}`, {
      createConnection: () => connectTcp({ port: Number(port), host: '127.0.0.1', localAddress: OWN_ADDRESS }),
    });
    session.on('error', () => {});
    const closed = event(session, 'close').then(() => {
      tally.cut += 1;
    });
    await Promise.race([run!(session, connection), closed]);
    if (session.destroyed) await pause(1);
    else session.destroy();
  }
}

function call(session: ClientHttp2Session, path: string, message: Buffer, ends = true): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  tally.sent += 1;
  stream.on('error', () => {});
  const hear = (headers: Readonly<Record<string, unknown>>): void => {
    if (headers['grpc-status'] === undefined) return;
    if (headers['grpc-status'] === '0') tally.answered += 1;
    else tally.refused += 1;
  };
  stream.on('response', hear).on('trailers', hear);
  stream.resume();
  if (ends) stream.end(message);
  else stream.write(message);
  return stream;
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([header(message.length), message]);
}

function header(bytes: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes, 1);
  return head;
}

/** Resolves when a stream takes more, or has gone. */
async function room(stream: ClientHttp2Stream): Promise<void> {
  const found = new AbortController();
  const either = ['drain', 'close'].map((name) => once(stream, name, { signal: found.signal }).catch(() => {}));
  await Promise.race(either);
  found.abort();
}

/** Resolves at an event, whatever comes with it. */
function event(emitter: NodeJS.EventEmitter, name: string): Promise<void> {
  return new Promise((resolve) => emitter.once(name, () => resolve()));
}
