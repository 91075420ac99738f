import { z } from 'zod';
import type { Event } from '../core/events.js';
import { isCommonEvent } from './common-events.js';
import { LogFormatError, type Seq } from './port.js';

/** Version of the records this program writes. Every version ever released stays readable. */
export const FORMAT_VERSION = 1;

const study = { study: z.string(), at: z.number() };
const attempt = { ...study, trial: z.int().min(0), attempt: z.int().min(1) };
const params = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
const loggedNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
const saved = {
  ...attempt,
  step: z.int().min(0),
  files: z.array(
    z.object({ name: z.string().min(1), artifact: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) }),
  ),
  metrics: z.record(z.string(), loggedNumber).optional(),
};
const reportedEnds = ['completed', 'stopped', 'failed', 'timed_out', 'handed_back', 'refused'] as const;
const why = z.enum(['trials', 'exhausted', 'time', 'stopped', 'failing']);

const eventSchema = z.discriminatedUnion('type', [
  // The spec is what the search file's parser made; its own schema checked it.
  z.object({
    type: z.literal('StudyCreated'),
    ...study,
    requestId: z.string(),
    spec: z.looseObject({}),
    source: z.string(),
  }),
  z.object({ type: z.literal('StudyPaused'), ...study }),
  z.object({ type: z.literal('StudyResumed'), ...study }),
  z.object({ type: z.literal('StudyExhausted'), ...study }),
  z.object({ type: z.literal('StudyEnding'), ...study, why, detail: z.string() }),
  z.object({ type: z.literal('StudyFinished'), ...study, why, detail: z.string() }),
  z.object({
    type: z.literal('StudyAdjusted'),
    ...study,
    requestId: z.string(),
    budget: z.object({ trials: z.int().min(1).optional(), timeMs: z.number().optional() }).optional(),
    parallel: z.int().min(0).optional(),
    priority: z.int().optional(),
  }),
  z.object({ type: z.literal('StudyReopened'), ...study }),
  z.object({ type: z.literal('StudyDeleted'), ...study }),
  z.object({ type: z.literal('ConfigurationEnqueued'), ...study, requestId: z.string(), params }),
  z.object({ type: z.literal('TrialInvalidated'), ...study, trial: z.int().min(0), reason: z.string() }),
  z.object({ type: z.literal('DatasetPinned'), ...study, digest: z.string(), key: z.string().optional() }),
  z.object({
    type: z.literal('TrialProposed'),
    ...study,
    trial: z.int().min(0),
    params,
    seed: z.int().min(0),
    origin: z.string(),
    basedOn: z.int().min(0),
    draws: z.array(z.number()).optional(),
    repeatOf: z.int().min(0).optional(),
    rerunOf: z.int().min(0).optional(),
    requestId: z.string().optional(),
  }),
  z.object({ type: z.literal('TrialWithdrawn'), ...study, trial: z.int().min(0), reason: z.string() }),
  z.object({
    type: z.literal('AttemptStarted'),
    ...attempt,
    worker: z.string(),
    workerName: z.string(),
    gpus: z.array(z.string()).optional(),
    knownStep: z.int().min(1).optional(),
  }),
  z.object({ type: z.literal('AttemptResumed'), ...attempt }),
  z.object({
    type: z.literal('TrialReported'),
    ...attempt,
    step: z.int(),
    metrics: z.record(z.string(), loggedNumber),
  }),
  z.object({ type: z.literal('CheckpointSaved'), ...saved }),
  z.object({ type: z.literal('WeightsSaved'), ...saved }),
  z.object({ type: z.literal('OutputSaved'), ...saved }),
  z.object({
    type: z.literal('ArtifactsReleased'),
    ...study,
    trial: z.int().min(0),
    kind: z.enum(['weights', 'output']),
  }),
  z.object({
    type: z.literal('StopRequested'),
    ...attempt,
    why: z.enum(['pruned', 'study', 'rest', 'person']),
    reason: z.string(),
  }),
  z.object({
    type: z.literal('AttemptEnded'),
    ...attempt,
    end: z.enum([...reportedEnds, 'paused', 'lost']),
    fate: z.enum(['waiting', 'paused', 'complete', 'pruned', 'failed']),
    reason: z.string(),
    retryAt: z.number().optional(),
  }),
  z.object({ type: z.literal('ResultIgnored'), ...attempt, end: z.enum(reportedEnds) }),
]);

const recordSchema: z.ZodType<{ readonly v: number; readonly events: readonly unknown[] }> = z.object({
  v: z.literal(FORMAT_VERSION),
  events: z.array(eventSchema).min(1),
});

/** One batch as a record: JSON text with the format's version. */
export function encodeBatch(events: readonly Event[]): string {
  if (events.length === 0) throw new RangeError('a batch must have at least one event');
  return JSON.stringify({ v: FORMAT_VERSION, events });
}

/**
 * The events of a record.
 *
 * @param seq the batch's number, for the message
 * @throws {LogFormatError} when it is not a record of a known version
 */
export function decodeBatch(record: string, seq: Seq): readonly Event[] {
  let json: unknown;
  try {
    json = JSON.parse(record);
  } catch (cause) {
    throw new LogFormatError(`batch ${seq} of the event log is not JSON`, { cause });
  }
  if (isCommonRecord(json)) return json.events;
  const parsed = recordSchema.safeParse(json);
  if (parsed.success) return parsed.data.events as readonly Event[];
  const version = (json as { v?: unknown } | null)?.v;
  if (version !== FORMAT_VERSION) {
    const found = JSON.stringify(version) ?? 'none';
    throw new LogFormatError(`batch ${seq} of the event log has format ${found}; this program reads ${FORMAT_VERSION}`);
  }
  throw new LogFormatError(`batch ${seq} of the event log is damaged: ${z.prettifyError(parsed.error)}`);
}

/** Whether every event of a record is of the common kind: then the schema, which accepts them too, need not be asked. */
function isCommonRecord(json: unknown): json is { readonly events: readonly Event[] } {
  if (typeof json !== 'object' || json === null || !('v' in json) || json.v !== FORMAT_VERSION) return false;
  return 'events' in json && Array.isArray(json.events) && json.events.length > 0 && json.events.every(isCommonEvent);
}
