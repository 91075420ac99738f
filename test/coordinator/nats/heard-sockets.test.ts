import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { connectNats } from '../../../coordinator/nats/connection.js';

/** Says no more than a client needs to be connected. */
async function openServer(): Promise<string> {
  const server = createServer((socket) => {
    socket.write('INFO {"server_id":"S","version":"2.12.0","proto":1,"headers":true,"max_payload":1048576}\r\n');
    socket.on('data', (text) => {
      for (const _ of String(text).matchAll(/PING\r\n/g)) socket.write('PONG\r\n');
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('an error of a socket that the client has let go is heard', async () => {
  const servers = [await openServer()];
  const logger = pino({ level: 'silent' });
  const connection = await connectNats({ servers, tls: false }, 'test', logger, new AbortController().signal);
  onTestFinished(() => connection.close());
  const { socket } = (connection as unknown as { protocol: { transport: { socket: Socket } } }).protocol.transport;
  socket.removeAllListeners();
  expect(() => socket.emit('error', new Error('write after end'))).not.toThrow();
});
