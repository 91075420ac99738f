import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, setCookie } from 'hono/cookie';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Entrance } from '../access/entrance.js';
import { shortId, type TokenRecord } from '../access/token.js';
import { Refused } from '../calls/refused.js';
import { credentialsOf, type Env, PLAIN_COOKIE, SECURE_COOKIE, turnedAway } from './access.js';
import type { SessionView } from './wire.js';

/** Tokens are short. */
const LARGEST_BODY = 4_096;
/** No longer than the session itself; seconds. */
const COOKIE_AGE_S = 12 * 3_600;

const logInBody = z.strictObject({ token: z.string().trim().min(1) });

/**
 * Logging in with a token, and out. The cookie holds no token but a secret of its own: it opens this dashboard alone, ends
 * by itself, and with the token it was given for.
 */
export function sessionRoutes(entrance: Entrance, logger: Logger): Hono<Env> {
  const { gate, isInsecure, certificates } = entrance;
  const { tokens } = gate;
  const routes = new Hono<Env>();
  const view = (record: TokenRecord | undefined): SessionView => ({
    needsToken: tokens !== undefined,
    insecure: isInsecure,
    role: tokens === undefined ? 'admin' : (record?.role ?? null),
    name: record === undefined ? '' : record.name || shortId(record.kind === 'session' ? record.parent : record.id),
  });
  /** Whether the browser speaks TLS, with us or with a proxy before us. */
  const isSecure = (context: Context): boolean =>
    certificates !== undefined || context.req.header('x-forwarded-proto') === 'https';

  routes.use('/session', bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge }));

  routes.get('/session', (context) => {
    const admission = gate.route('GET /api/session', credentialsOf(context));
    return context.json(view(admission.ok ? admission.record : undefined));
  });

  routes.post('/session', async (context) => {
    const body = logInBody.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) throw new Refused({ code: 'invalid', message: 'the body must be {"token": "..."}' });
    if (tokens === undefined) return context.json(view(undefined));
    const admission = gate.route('GET /api/studies', { token: body.data.token });
    const peer = context.env.incoming.socket.remoteAddress ?? 'unknown';
    if (!admission.ok) {
      gate.tell(peer, admission.message);
      return turnedAway(context, admission);
    }
    const record = admission.record!;
    const secret = await tokens.logIn(record);
    const secure = isSecure(context);
    setCookie(context, secure ? SECURE_COOKIE : PLAIN_COOKIE, secret, {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      secure,
      maxAge: COOKIE_AGE_S,
    });
    logger.info({ peer, token: shortId(record.id), role: record.role }, 'logged in on the dashboard');
    return context.json(view(record));
  });

  routes.delete('/session', async (context) => {
    const { session } = credentialsOf(context);
    if (session !== undefined) await tokens?.logOut(session);
    deleteCookie(context, SECURE_COOKIE, { path: '/', secure: true });
    deleteCookie(context, PLAIN_COOKIE, { path: '/' });
    return context.json(view(undefined));
  });

  return routes;
}

function tooLarge(): never {
  throw new Refused({ code: 'invalid', message: `the request is larger than ${LARGEST_BODY} bytes` });
}
