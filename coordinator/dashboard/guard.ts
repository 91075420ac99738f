import type { MiddlewareHandler } from 'hono';
import { isLoopbackHost } from '../../proto/loopback.js';
import { isLoopback } from '../address.js';
import { CHANGE_HEADER } from './change-header.js';

/** What the pages may load and do: their own files and routes, nothing else. Charts set inline style attributes. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers that every answer carries. */
export const protectiveHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  const { headers } = context.res;
  headers.set('content-security-policy', CONTENT_SECURITY_POLICY);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
};

/**
 * Refuses what another site's page in the same browser sends: on a loopback address that asks for no token a request must
 * name that address as its host (a name that was rebound to 127.0.0.1 does not), and a change must come from a page of
 * ours.
 */
export function sameSiteOnly(listen: string, asksForTokens: boolean): MiddlewareHandler {
  const local = isLoopback(listen) && !asksForTokens;
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (local && !namesLoopback(host)) {
      return context.json(
        { error: { code: 'refused', message: `this dashboard does not answer for host ${host}` } },
        403,
      );
    }
    const changes = context.req.method !== 'GET' && context.req.method !== 'HEAD';
    const origin = context.req.header('origin');
    const foreign = origin !== undefined && hostOf(origin) !== host;
    if (changes && (foreign || context.req.header(CHANGE_HEADER) === undefined)) {
      const message = `a request that changes something must carry the header ${CHANGE_HEADER} and come from this site`;
      return context.json({ error: { code: 'refused', message } }, 403);
    }
    return next();
  };
}

/** Whether what a browser takes for the host is this machine; a header may say anything. */
function namesLoopback(host: string): boolean {
  const address = `http://${host}`;
  return URL.canParse(address) && isLoopbackHost(new URL(address).hostname);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
