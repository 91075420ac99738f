import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Listener, type ListenerLimits } from '../../../coordinator/rpc/listener.js';

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** A listener that greets whom it lets in. */
async function listen(limits: Partial<ListenerLimits> = {}): Promise<{ listener: Listener; port: number }> {
  const whole = { connections: 100, connectionsOfAnAddress: 100, silenceMs: 60_000, ...limits };
  const listener = new Listener((socket) => {
    open.push(socket);
    socket.resume().write(`${socket.remoteAddress}:${socket.remotePort}`);
  }, whole);
  open.push({ destroy: () => listener.close() });
  return { listener, port: await listener.listen('127.0.0.1', 0) };
}

/** Connects from an address of this machine; the name that the other side has for it, or undefined when it is turned away. */
async function come(port: number, localAddress = '127.0.0.1'): Promise<{ socket: Socket; peer: string | undefined }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => {});
  open.push(socket);
  const greeting = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  const [first] = greeting as [unknown];
  return { socket, peer: first instanceof Buffer ? first.toString() : undefined };
}

it('takes no more connections than there is room for, and takes others when some have gone', async () => {
  const { port } = await listen({ connections: 2 });
  const first = await come(port);
  await come(port);
  expect((await come(port)).peer).toBeUndefined();
  first.socket.destroy();
  let next = await come(port);
  // The other side hears of the end in its own time.
  while (next.peer === undefined) next = await come(port);
  expect(next.peer).toBeDefined();
});

it('leaves room for others when one address has taken its share', async () => {
  const { port } = await listen({ connectionsOfAnAddress: 1 });
  await come(port);
  expect((await come(port)).peer).toBeUndefined();
  expect((await come(port, '127.0.0.2')).peer).toMatch(/^127\.0\.0\.2:/);
});

it('lets go of whoever says nothing', async () => {
  const { port } = await listen({ silenceMs: 50 });
  const { socket: silent } = await come(port);
  const { socket: talking } = await come(port);
  talking.write('PRI');
  await once(silent, 'close');
  expect(talking.destroyed).toBe(false);
});

it('cuts a connection, and is slow to take others from that address', async () => {
  const { listener, port } = await listen();
  const { socket, peer } = await come(port);
  const closed = once(socket, 'close');
  listener.cut(peer!);
  await closed;
  const more = await Promise.all(Array.from({ length: 20 }, () => come(port)));
  expect(more.filter((one) => one.peer !== undefined).length).toBeLessThanOrEqual(1);
  expect((await come(port, '127.0.0.2')).peer).toBeDefined();
});

it('is slow to take others from an address whose connection had ended before it was to be cut', async () => {
  const { listener, port } = await listen();
  const { socket, peer } = await come(port);
  socket.destroy();
  await once(socket, 'close');
  listener.cut(peer!);
  const more = await Promise.all(Array.from({ length: 20 }, () => come(port)));
  expect(more.filter((one) => one.peer !== undefined).length).toBeLessThanOrEqual(1);
});
