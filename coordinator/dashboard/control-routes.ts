import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { StudyAction } from '../../proto/index.js';
import { studyJson, trialJson, workerJson } from '../../proto/json.js';
import { Refused } from '../calls/refused.js';
import type { StudyCalls } from '../calls/study-calls.js';
import { LARGEST_BODY, LONGEST_REQUEST_ID } from '../limits.js';
import { shorten } from '../spec/fault.js';
import { knownKeys, type SchemaIssue, schemaIssues } from '../spec/schema-issues.js';
import { wholeNumber } from './refusal.js';

const requestId = z.string().max(LONGEST_REQUEST_ID).default('');
const createBody = z.strictObject({ requestId, spec: z.string() });
const adjustBody = z.strictObject({
  requestId,
  trials: z
    .strictObject({ total: z.int().min(1) })
    .or(z.strictObject({ more: z.int().min(1) }))
    .optional(),
  timeMs: z
    .strictObject({ total: z.int().min(1) })
    .or(z.strictObject({ more: z.int().min(1) }))
    .optional(),
  parallel: z.int().min(0).optional(),
  priority: z.int().optional(),
});
const enqueueBody = z.strictObject({ requestId, configuration: z.string() });
const rerunBody = z.strictObject({ requestId, seed: z.int().min(0).max(0xffff_ffff).optional() });
const invalidateBody = z.strictObject({ reason: z.string().default('') });
const drainBody = z.strictObject({ handBack: z.boolean().default(false) });
const nothing = z.strictObject({});

const ACTIONS = {
  pause: StudyAction.STUDY_ACTION_PAUSE,
  resume: StudyAction.STUDY_ACTION_RESUME,
  stop: StudyAction.STUDY_ACTION_STOP,
} as const;

/** Everything that changes something. Each route asks what the gRPC method of the same name asks. */
export function controlRoutes(calls: StudyCalls): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  routes.use(bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge }));

  routes.post('/studies', async (context) => {
    const body = await read(context, createBody);
    return context.json({ study: studyOf(await calls.createStudy({ ...body, fileName: '', codeDigest: '' })) });
  });

  for (const action of ['pause', 'resume', 'stop'] as const) {
    routes.post(`/studies/:id/${action}`, async (context) => {
      await read(context, nothing);
      const study = context.req.param('id');
      return context.json({ study: studyOf(await calls.controlStudy({ study, action: ACTIONS[action] })) });
    });
  }

  routes.post('/studies/:id/adjust', async (context) => {
    const { trials, timeMs, parallel, priority, requestId: id } = await read(context, adjustBody);
    const answer = await calls.adjustStudy({
      requestId: id,
      study: context.req.param('id'),
      trials:
        trials &&
        ('more' in trials
          ? { $case: 'trialsMore', value: trials.more }
          : { $case: 'trialsTotal', value: trials.total }),
      time:
        timeMs &&
        ('more' in timeMs
          ? { $case: 'timeMoreMs', value: timeMs.more }
          : { $case: 'timeTotalMs', value: timeMs.total }),
      parallel,
      priority,
    });
    return context.json({ study: studyOf(answer) });
  });

  routes.post('/studies/:id/enqueue', async (context) => {
    const body = await read(context, enqueueBody);
    return context.json({ study: studyOf(await calls.enqueueTrial({ ...body, study: context.req.param('id') })) });
  });

  routes.delete('/studies/:id', async (context) => {
    return context.json({ study: studyOf(await calls.deleteStudy({ study: context.req.param('id') })) });
  });

  routes.post('/studies/:id/trials/:number/stop', async (context) => {
    await read(context, nothing);
    return context.json(trialAnswer(await calls.stopTrial(trialOf(context))));
  });

  routes.post('/studies/:id/trials/:number/invalidate', async (context) => {
    const { reason } = await read(context, invalidateBody);
    return context.json(trialAnswer(await calls.invalidateTrial({ ...trialOf(context), reason })));
  });

  routes.post('/studies/:id/trials/:number/rerun', async (context) => {
    const { seed, ...body } = await read(context, rerunBody);
    return context.json(trialAnswer(await calls.rerunTrial({ ...trialOf(context), ...body, seed })));
  });

  routes.post('/workers/:id/drain', async (context) => {
    const body = await read(context, drainBody);
    const { worker } = await calls.drainWorker({ worker: context.req.param('id'), ...body });
    return context.json({ worker: worker && workerJson(worker) });
  });

  routes.post('/workers/:id/unquarantine', async (context) => {
    await read(context, nothing);
    const { worker } = await calls.unquarantineWorker({ worker: context.req.param('id') });
    return context.json({ worker: worker && workerJson(worker) });
  });

  return routes;
}

/** @throws {Refused} when the body is not what the route takes */
async function read<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const body: unknown = await context.req.json().catch(() => {
    throw new Refused({ code: 'invalid', message: 'the request has no JSON body' });
  });
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = schemaIssues(schema, body);
  throw new Refused({
    code: 'invalid',
    message: issue === undefined ? 'the body is wrong' : faultOf(issue, schema, body),
  });
}

/** Where the body is wrong, what stands there, and what would be right. */
function faultOf({ path, message, unknownKeys: [unknown] }: SchemaIssue, schema: z.ZodType, body: unknown): string {
  const place = path.length === 0 ? 'the body' : path.join('.');
  if (unknown !== undefined) {
    const known = knownKeys(schema, path).join(', ');
    return `${place}: unknown key ${shorten(JSON.stringify(unknown), 60)}; known here: ${known === '' ? 'none' : known}`;
  }
  let value = body;
  for (const key of path) value = (value as Record<string | number, unknown> | null | undefined)?.[key];
  return `${place}: ${message}, not ${shorten(JSON.stringify(value) ?? 'nothing', 60)}`;
}

function tooLarge(): never {
  throw new Refused({ code: 'invalid', message: `the request is larger than ${LARGEST_BODY / 2 ** 20} MiB` });
}

function trialOf(context: Context): { study: string; trial: number } {
  return { study: context.req.param('id')!, trial: wholeNumber('trial', context.req.param('number')!) };
}

function studyOf({ study }: { study: Parameters<typeof studyJson>[0] | undefined }): object | null {
  return study === undefined ? null : studyJson(study);
}

function trialAnswer({ study, trial }: { study: string; trial: Parameters<typeof trialJson>[0] | undefined }): object {
  return { study, trial: trial === undefined ? null : trialJson(trial) };
}
