import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { seenJson, trialJson } from '../../proto/json.js';
import { looksAt, studyOf } from '../calls/look.js';
import type { OutputCall } from '../calls/output-call.js';
import type { StudyCalls } from '../calls/study-calls.js';
import type { Coordinator } from '../coordinator.js';
import type { Portions } from '../portions.js';
import type { Feeds } from './feeds.js';
import { csvText, curvesText, exportText, studiesText, tableText, workersText } from './long-reads.js';
import type { Pieces } from './long-text.js';
import { wholeNumber } from './refusal.js';
import type { TrialDetail, TrialOutput } from './wire.js';

export interface ReadRoutesOptions {
  readonly coordinator: Coordinator;
  /** Does what is long. */
  readonly portions: Portions;
  readonly calls: StudyCalls;
  readonly getOutput: OutputCall;
  readonly feeds: Feeds;
  readonly clock: () => number;
}

/** Everything that looks and changes nothing: the views that every face has, and the two event streams. */
export function readRoutes(options: ReadRoutesOptions): Hono<{ Bindings: HttpBindings }> {
  const { coordinator, portions, calls, getOutput, feeds, clock } = options;
  const { viewOf: look } = looksAt(coordinator);
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.get('/studies', async (context) => json(context, await portions.do((core) => studiesText(core, clock()))));

  routes.get('/studies/:id/table', async (context) => {
    const id = context.req.param('id');
    return json(context, await portions.do((core) => tableText(core, studyOf(core, id), clock())));
  });

  routes.get('/studies/:id/curves', async (context) => {
    const id = context.req.param('id');
    return json(context, await portions.do((core) => curvesText(core, studyOf(core, id))));
  });

  routes.get('/studies/:id/trials/:number', async (context) => {
    const number = wholeNumber('trial', context.req.param('number'));
    const { trial, seen } = await calls.getTrial({ study: context.req.param('id'), trial: number });
    return context.json({ ...trialJson(trial!), seen: seenJson(seen) } satisfies TrialDetail);
  });

  routes.get('/studies/:id/trials/:number/output', async (context) => {
    const trial = wholeNumber('trial', context.req.param('number'));
    const { attempt, live, over, totalBytes, data } = await getOutput({ study: context.req.param('id'), trial });
    return context.json({ attempt, live, over, totalBytes, text: data.toString('utf8') } satisfies TrialOutput);
  });

  routes.get('/studies/:id/export.csv', async (context) => {
    const id = context.req.param('id');
    const pieces = await portions.do((core) => csvText(core, studyOf(core, id)));
    return inPieces(context, pieces, 'text/csv; charset=utf-8');
  });

  routes.get('/studies/:id/export.json', async (context) => {
    const id = context.req.param('id');
    return json(context, await portions.do((core) => exportText(core, studyOf(core, id))));
  });

  routes.get('/workers', async (context) => json(context, await portions.do(workersText)));

  routes.get('/events', async (context) => {
    await feeds.followOverview(context.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });

  routes.get('/studies/:id/events', async (context) => {
    // A browser that comes back names the last position it has seen in a header, one that comes new in the address.
    const asked = context.req.header('last-event-id') ?? context.req.query('after') ?? '0';
    const after = wholeNumber('after', asked);
    const { id } = await look(context.req.param('id'), (study) => study);
    await feeds.followStudy(context.env.outgoing, id, after);
    return RESPONSE_ALREADY_SENT;
  });

  return routes;
}

function json(context: Context, pieces: Pieces): Response {
  return inPieces(context, pieces, 'application/json');
}

/** Answers with a long text, which is written and compressed piece by piece. */
function inPieces(context: Context, pieces: Pieces, type: string): Response {
  const left = pieces.values();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = left.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  return context.body(body, 200, { 'content-type': type });
}
