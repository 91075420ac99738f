import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does with a file that it has. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

/** A web server of a test's own. */
export interface FileServer {
  readonly url: string;
  /** Method, path and range of all requests so far. */
  readonly requests: string[];
  /** By path, such as `/set/file.gz`. */
  readonly files: Map<string, Buffer>;
  behave: Behaviour;
  close(): Promise<void>;
}

export async function startFileServer(): Promise<FileServer> {
  const server = createServer((request, response) => {
    fileServer.requests.push([request.url, request.headers.range].filter((word) => word !== undefined).join(' '));
    const bytes = fileServer.files.get(request.url ?? '');
    if (bytes === undefined) response.writeHead(404).end('not here');
    else fileServer.behave(request, response, bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fileServer: FileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    files: new Map(),
    behave: servesWell,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return fileServer;
}

/** Sends the file, or the part of it that is asked for. */
export const servesWell: Behaviour = ({ headers }, response, bytes) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from > 0 && from >= bytes.length) response.writeHead(416).end();
  else if (from > 0) {
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response
      .writeHead(206, { 'content-range': range, 'content-length': bytes.length - from })
      .end(bytes.subarray(from));
  } else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
};

/** Knows nothing of ranges. */
export const servesWhole: Behaviour = (_, response, bytes) => {
  response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
};

/** A connection that is to be dropped once its client has so many bytes of the file. */
export interface Break {
  readonly after: number;
  drop(): void;
}

/** Sends so many bytes of what is asked for, and then waits for somebody to drop the connection. */
export function breaksAfter(count: number, onBreak: (due: Break) => void): Behaviour {
  return ({ headers }, response, bytes) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from === 0 ? 200 : 206, { ...range, 'content-length': bytes.length - from });
    response.write(bytes.subarray(from, from + count));
    if (from + count >= bytes.length) response.end();
    else onBreak({ after: from + count, drop: () => void response.destroy() });
  };
}

/** Sends some bytes and then nothing more, without ending. */
export function fallsSilentAfter(count: number): Behaviour {
  return (_, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, count));
  };
}
