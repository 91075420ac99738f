import type { Server, ServerOptions } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { callerOf, introduce } from '../access/caller.js';
import {
  LARGEST_HEADERS,
  LONGEST_ARRIVAL_MS,
  LONGEST_HEADERS_MS,
  LONGEST_UNREAD_MS,
  MOST_HTTP_CONNECTIONS,
  REFUSAL_MS,
} from '../limits.js';
import { CallerGoneError, type Entry, type PassingCall, type Turnstile } from '../rpc/turnstile.js';

/** Bytes on the wire that cost one unit more: about twenty rows of trials, compressed. */
const BYTES_OF_A_UNIT = 1_024;

/** What a server of HTTP is made with: who dawdles over a request is let go. */
export const SERVER_OPTIONS: ServerOptions = {
  maxHeaderSize: LARGEST_HEADERS,
  headersTimeout: LONGEST_HEADERS_MS,
  requestTimeout: LONGEST_ARRIVAL_MS,
  connectionsCheckingInterval: 5_000,
};

/** Bounds a server's connections, and lets go of those over which nothing moves. */
export function boundConnections(server: Server): void {
  server.maxConnections = MOST_HTTP_CONNECTIONS;
  server.setTimeout(2 * LONGEST_UNREAD_MS);
}

/** Lets requests in when it is their caller's turn, counted together with what comes over gRPC. */
export function takeTurns(turnstile: Turnstile): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (context, next) => {
    const { incoming, outgoing } = context.env;
    const { socket } = incoming;
    const call: PassingCall = {
      getPeer: () => `${socket.remoteAddress}:${socket.remotePort}`,
      once: (_, listener) => outgoing.once('close', listener),
    };
    introduce(call, callerOf(incoming));
    const kind = context.req.path.endsWith('/events') ? 'followed' : 'call';
    const path = context.req.method === 'POST' && context.req.path === '/api/studies' ? '/CreateStudy' : '';
    const passed = await new Promise<Entry | string>((resolve) =>
      turnstile.pass(path, kind, call, { enter: resolve, refuse: resolve }),
    );
    if (typeof passed === 'string') {
      const headers = { 'retry-after': String(Math.ceil(REFUSAL_MS / 1_000)) };
      return context.json({ error: { code: 'limit', message: passed } }, 429, headers);
    }
    const before = socket.bytesWritten;
    const leave = (): void => {
      passed.charge((socket.bytesWritten - before) / BYTES_OF_A_UNIT);
      passed.leave();
    };
    if (outgoing.closed) leave();
    else outgoing.once('close', leave);
    // A stream that is followed is told of changes together with others, when there are some.
    if (kind === 'followed') return next();
    try {
      return await passed.inTurn(
        () => next(),
        () => 0,
      );
    } catch (error) {
      if (error instanceof CallerGoneError) return context.body(null);
      throw error;
    }
  };
}
