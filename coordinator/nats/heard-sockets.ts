import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';

/** What is needed of the class that the client's connections are of; its package does not export it. */
interface TransportClass {
  readonly prototype: { setupHandlers: (this: { readonly socket: Socket }) => void };
}

let done = false;

/**
 * The client (3.3.1) takes all listeners off a socket before it destroys it. A write that fails just then - to a server that has
 * gone - is an error that nobody hears, which ends the process. From now on somebody does; the client connects anew anyway.
 */
export function hearAllErrors(): void {
  if (done) return;
  done = true;
  const require = createRequire(import.meta.url);
  const module = join(dirname(require.resolve('@nats-io/transport-node')), 'lib', 'node_transport.js');
  const { prototype } = (require(module) as { readonly NodeTransport: TransportClass }).NodeTransport;
  const { setupHandlers } = prototype;
  prototype.setupHandlers = function () {
    setupHandlers.call(this);
    keepHeard(this.socket);
  };
}

function keepHeard(socket: Socket): void {
  const removeAllListeners = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (event) => {
    removeAllListeners(event);
    return socket.on('error', () => {});
  };
}
