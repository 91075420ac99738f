import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { matchedRoutes } from 'hono/route';
import { tokenIn } from '../../proto/bearer.js';
import { introduce } from '../access/caller.js';
import type { Admission, Credentials, Gate, Turned } from '../access/gate.js';

export type Env = { Bindings: HttpBindings; Variables: { admission: Admission | undefined } };

/** A cookie with this prefix is taken over TLS alone and from this host alone; browsers see to it. */
export const SECURE_COOKIE = '__Host-assay';
export const PLAIN_COOKIE = 'assay-session';

/** What a request shows: a program its token, a page the cookie that it was given for one. */
export function credentialsOf(context: Context): Credentials {
  return {
    token: tokenIn(context.req.header('authorization')),
    session: getCookie(context, SECURE_COOKIE) ?? getCookie(context, PLAIN_COOKIE),
  };
}

/** Finds out who makes a request of a route. What is no route is a page, a file of one, or not there, and nobody is asked. */
export function recognize(gate: Gate): MiddlewareHandler<Env> {
  return async (context, next) => {
    const route = matchedRoutes(context).find(({ method }) => method !== 'ALL');
    if (route !== undefined) {
      const admission = gate.route(`${route.method} ${route.path}`, credentialsOf(context));
      context.set('admission', admission);
      if (admission.ok) introduce(context.env.incoming, admission.caller);
    }
    return next();
  };
}

/**
 * Lets a request through to its route if its maker may ask that, for as long as that is so: a stream of events is cut when
 * its token is revoked.
 */
export function letIn(gate: Gate): MiddlewareHandler<Env> {
  return async (context, next) => {
    const admission = context.get('admission');
    if (admission === undefined) return next();
    const { incoming, outgoing } = context.env;
    if (!admission.ok) {
      gate.tell(incoming.socket.remoteAddress ?? 'unknown', admission.message);
      return turnedAway(context, admission);
    }
    // An answer that lasts is a stream of events; whoever logs out is still told so, and the browser forgets the cookie.
    if (context.req.method === 'GET')
      outgoing.once(
        'close',
        gate.watch(admission.record, () => outgoing.destroy()),
      );
    return next();
  };
}

export function turnedAway(context: Context, { code, message }: Turned): Response {
  if (code === 'unauthenticated') context.header('www-authenticate', 'Bearer');
  return context.json({ error: { code, message } }, code === 'denied' ? 403 : 401);
}
