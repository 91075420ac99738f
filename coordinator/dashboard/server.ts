import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import type { Logger } from 'pino';
import { PROBE_PATHS, type Probes, probe } from '../../telemetry/probes.js';
import type { Certificates } from '../access/certificates.js';
import { type Entrance, openToThisMachine } from '../access/entrance.js';
import type { ArtifactStore } from '../artifacts/port.js';
import { createOutputCall } from '../calls/output-call.js';
import { Refused } from '../calls/refused.js';
import { createStudyCalls } from '../calls/study-calls.js';
import type { Coordinator } from '../coordinator.js';
import { ConfigError } from '../errors.js';
import { Portions } from '../portions.js';
import type { LiveOutputs } from '../rpc/live-outputs.js';
import type { RunningServer } from '../rpc/server.js';
import type { Turnstile } from '../rpc/turnstile.js';
import { type Env, letIn, recognize } from './access.js';
import { controlRoutes } from './control-routes.js';
import { Feeds } from './feeds.js';
import { protectiveHeaders, sameSiteOnly } from './guard.js';
import { boundConnections, SERVER_OPTIONS, takeTurns } from './http-limits.js';
import { listenHttp } from './listen.js';
import { readRoutes } from './read-routes.js';
import { answerOf } from './refusal.js';
import { sessionRoutes } from './session-routes.js';

export interface DashboardOptions {
  readonly coordinator: Coordinator;
  readonly artifacts: ArtifactStore;
  readonly outputs: LiveOutputs;
  /** Who may come in, and how; everybody, where it is not said. */
  readonly entrance?: Entrance;
  readonly logger: Logger;
  /** What tells the process's health and figures; none is told without. */
  readonly probes?: Probes | undefined;
  /** What other doors let callers in by; they share what they may ask for. */
  readonly turnstile: Turnstile;
  readonly clock?: () => number;
}

/** The built pages, beside the compiled code. */
const PAGES = fileURLToPath(new URL('./ui/', import.meta.url));

/** Where a coordinator's dashboard is looked for when nobody says where. */
export const DEFAULT_HTTP = '127.0.0.1:7071';

/**
 * Opens the dashboard's door: pages, JSON, event streams.
 *
 * @param listen host:port; port 0 takes a free one. Absent: {@link DEFAULT_HTTP}, or a free port where that is taken, so
 *   that a second coordinator on a machine does not fail for want of a door that nobody asked for
 * @throws {ConfigError} when the address cannot be listened on
 */
export async function startDashboard(listen: string | undefined, options: DashboardOptions): Promise<RunningServer> {
  const { coordinator, clock = Date.now } = options;
  const certificates = options.entrance?.certificates;
  const portions = new Portions(coordinator);
  const feeds = await Feeds.open(coordinator, portions, clock);
  const app = createApp(listen ?? DEFAULT_HTTP, options, { portions, feeds });
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: SERVER_OPTIONS }) as Server;
  boundConnections(server);
  const running = await (listen === undefined
    ? listenByDefault(server, certificates)
    : listenHttp(server, listen, certificates)
  ).catch((error: unknown) => {
    feeds.close();
    throw error;
  });
  return {
    address: running.address,
    close: () => {
      feeds.close();
      running.close();
    },
  };
}

/** Everything that is served, behind what is asked of everybody. @param listen host:port */
export function createApp(
  listen: string,
  options: DashboardOptions,
  { portions, feeds }: { readonly portions: Portions; readonly feeds: Feeds },
): Hono<Env> {
  const { coordinator, entrance = openToThisMachine(), logger, clock = Date.now, probes, turnstile } = options;
  const { gate } = entrance;
  const app = new Hono<Env>();
  app.use(protectiveHeaders);
  app.use(sameSiteOnly(listen, gate.tokens !== undefined));
  app.use(recognize(gate));
  app.use('/api/*', async (context, next) => {
    context.header('cache-control', 'no-store');
    return next();
  });
  // Whoever is not let in has a share all the same: that of its address, to be refused with.
  app.use('/api/*', takeTurns(turnstile));
  app.use(letIn(gate));
  app.use('/api/*', compress());
  const calls = createStudyCalls(coordinator, portions, clock);
  const getOutput = createOutputCall(options);
  app.route('/api', readRoutes({ coordinator, portions, calls, getOutput, feeds, clock }));
  app.route('/api', controlRoutes(calls));
  app.route('/api', sessionRoutes(entrance, logger));
  app.all('/api/*', (context) => context.json(notFound(context.req.path), 404));
  if (probes !== undefined) {
    for (const path of PROBE_PATHS) {
      app.get(path, async (context) => {
        const { status, type, body } = await probe(probes, path, new URL(context.req.url).searchParams);
        return context.body(body, status, { 'content-type': type, 'cache-control': 'no-store' });
      });
    }
  }
  app.use(pages());
  app.onError((error, context) => {
    if (error instanceof Refused) {
      const { body, status } = answerOf(error);
      return context.json(body, status);
    }
    logger.error({ err: error, path: context.req.path }, 'a request failed unexpectedly');
    const message = 'the coordinator failed on this request; its log says why';
    return context.json({ error: { code: 'internal', message } }, 500);
  });
  return app;
}

/** Files of the build, which carry their content's hash in their names; any other path is the page, which routes itself. */
function pages(): MiddlewareHandler {
  const root = relative(process.cwd(), PAGES) || '.';
  const files = serveStatic({ root, precompressed: true });
  const page = serveStatic({ root, path: 'index.html', precompressed: true });
  return async (context, next) => {
    if (!existsSync(join(PAGES, 'index.html'))) {
      return context.text('the dashboard has not been built: run "npm run build"', 503);
    }
    const isAsset = context.req.path.startsWith('/assets/');
    context.header('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache');
    const isFile = isAsset || /\.\w+$/.test(context.req.path);
    return (isFile ? files : page)(context, next);
  };
}

async function listenByDefault(server: Server, certificates: Certificates | undefined): Promise<RunningServer> {
  try {
    return await listenHttp(server, DEFAULT_HTTP, certificates);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return listenHttp(server, DEFAULT_HTTP.replace(/\d+$/, '0'), certificates);
  }
}

function notFound(path: string): { error: { code: string; message: string } } {
  return { error: { code: 'not_found', message: `there is nothing at ${path}` } };
}
