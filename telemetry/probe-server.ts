import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isProbePath, PROBE_PATHS, type ProbePath, type Probes, probe } from './probes.js';

export interface ProbeServer {
  /** host:port, with the port that was really taken. */
  readonly address: string;
  close(): void;
}

/** A request that has not come in whole after so long is given up, milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Answers `/healthz`, `/readyz` and `/metrics` at an address of their own, from a process's first moment to its last.
 *
 * @param address host:port; port 0 takes a free one
 * @throws what listening failed with
 */
export async function startProbeServer(address: string, probes: Probes): Promise<ProbeServer> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at);
  const server = createProbeServer(probes);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(address.slice(at + 1)), host.replace(/^\[|\]$/g, ''), resolve);
  });
  // It is for whoever looks: it keeps no process alive.
  server.unref();
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Whoever may not ask, and why. */
export interface ProbeRefusal {
  readonly status: 401 | 403 | 503;
  readonly words: string;
}

/**
 * The server alone, which listens nowhere yet.
 *
 * @param refuse asks whether a request may be answered, by its path and its Authorization header
 */
export function createProbeServer(
  probes: Probes,
  refuse: (path: ProbePath, authorization: string | undefined) => ProbeRefusal | undefined = () => undefined,
): Server {
  return createServer({ requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS }, (request, response) => {
    const { method, url = '/', headers } = request;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (!isProbePath(pathname)) {
      answer(response, 404, `there is nothing at ${pathname}; there are ${PROBE_PATHS.join(', ')}\n`);
      return;
    }
    if (method !== 'GET' && method !== 'HEAD') {
      answer(response, 405, 'these can only be read\n');
      return;
    }
    const refusal = refuse(pathname, headers.authorization);
    if (refusal !== undefined) {
      if (refusal.status === 401) response.setHeader('www-authenticate', 'Bearer');
      answer(response, refusal.status, `${refusal.words}\n`);
      return;
    }
    probe(probes, pathname, searchParams).then(
      ({ status, type, body }) => answer(response, status, body, type),
      (error: unknown) => answer(response, 500, `the figures could not be gathered: ${String(error)}\n`),
    );
  });
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
