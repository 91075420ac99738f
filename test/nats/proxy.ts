import { connect, createServer, type Socket } from 'node:net';

/** A TCP connection's middle, where what comes back can be lost. */
export interface Proxy {
  /** host:port. */
  readonly address: string;
  /** From now on nothing comes back to whoever connected, though everything arrives. */
  deafen(): void;
  /** Breaks all connections; new ones work in both directions. */
  heal(): void;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<Proxy> {
  const [host, port] = target.split(':');
  const pairs = new Set<readonly [Socket, Socket]>();
  let deaf = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far);
    far.on('data', (bytes) => {
      if (!deaf) near.write(bytes);
    });
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    address: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    deafen: () => {
      deaf = true;
    },
    heal: () => {
      deaf = false;
      cut();
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
