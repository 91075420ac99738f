import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Certificates } from '../access/certificates.js';
import { createHandshakes } from '../access/handshakes.js';
import { parseAddress } from '../address.js';
import { ConfigError } from '../errors.js';
import { LONGEST_ARRIVAL_MS, MOST_CONNECTIONS_OF_AN_ADDRESS, MOST_HTTP_CONNECTIONS } from '../limits.js';
import { Listener } from '../rpc/listener.js';
import type { RunningServer } from '../rpc/server.js';

/**
 * Listens for a server of HTTP, over TLS where there are certificates.
 *
 * @param listen host:port; port 0 takes a free one
 * @param what it is for, in words
 * @throws {ConfigError} when the address cannot be listened on
 */
export async function listenHttp(
  server: Server,
  listen: string,
  certificates: Certificates | undefined,
  what = 'the dashboard',
): Promise<RunningServer> {
  try {
    return certificates === undefined
      ? await listenPlain(server, listen)
      : await listenSecure(server, listen, certificates);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const taken = code === 'EADDRINUSE' ? 'the port is taken, by another coordinator perhaps' : message;
    throw new ConfigError(`cannot listen on ${listen} for ${what}: ${taken}`, { cause: error });
  }
}

async function listenPlain(server: Server, listen: string): Promise<RunningServer> {
  const { host, port } = parseAddress(listen);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listenSecure(server: Server, listen: string, certificates: Certificates): Promise<RunningServer> {
  const guide = createGuide();
  const { host, port } = parseAddress(listen);
  const listener = new Listener(
    createHandshakes({
      certificates,
      protocol: 'http/1.1',
      secure: (socket) => void server.emit('connection', socket),
      plain: (socket) => void guide.emit('connection', socket),
    }),
    {
      connections: MOST_HTTP_CONNECTIONS,
      connectionsOfAnAddress: MOST_CONNECTIONS_OF_AN_ADDRESS,
      silenceMs: LONGEST_ARRIVAL_MS,
    },
  );
  const taken = await listener.listen(host.replace(/^\[|\]$/g, ''), port);
  // Neither listens by itself, and only then would they begin to look after connections and slow requests.
  for (const one of [server, guide]) one.emit('listening');
  return {
    address: `${host}:${taken}`,
    close: () => {
      listener.close();
      for (const one of [server, guide]) {
        one.close();
        one.closeAllConnections();
      }
    },
  };
}

/** Sends who speaks plain text to the same place over TLS. What is to change something is not repeated: it was readable. */
function createGuide(): Server {
  return createServer(({ method = 'GET', headers, url = '/' }, response) => {
    const place = `https://${headers.host ?? 'this host'}`;
    const looks = method === 'GET' || method === 'HEAD';
    const words = `this dashboard speaks TLS: ${place}\n`;
    const way = looks && headers.host !== undefined ? { location: place + url } : {};
    response.writeHead(looks ? 308 : 400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close', ...way });
    response.end(words);
  });
}
