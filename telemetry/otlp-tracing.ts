// The one file that knows OpenTelemetry's SDK. It is loaded when traces are sent, and not otherwise.
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Attributes,
  DiagLogLevel,
  diag,
  type HrTime,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type IdGenerator,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { SpanContext } from './trace-context.js';
import type { SamplerSetting, TraceProtocol, TraceSettings } from './trace-settings.js';
import type { FinishedSpan, SpanAttributes, TracedProcess, Tracing } from './tracing.js';

/** How long the end of a process waits for its last spans, milliseconds. */
const LAST_MS = 3_000;
/** A receiver that is away is complained of so often at most, milliseconds. */
const COMPLAINT_MS = 60_000;

export async function createOtlpTracing(settings: TraceSettings, traced: TracedProcess): Promise<Tracing> {
  const { service, instance, version, logger } = traced;
  complainSeldom(logger);
  const ids = new GivenIds();
  const sampler = samplerOf(settings.sampler);
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.version': version,
    'service.instance.id': instance,
  });
  const provider = new BasicTracerProvider({
    // What the operator says of the resource is said last, and so it holds.
    resource: resource.merge(detectResources({ detectors: [envDetector] })),
    // What is not sampled does not come here.
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor(await exporterOf(settings.protocol))],
  });
  const tracer = provider.getTracer('assay', version);
  return {
    isSampled: (traceId) => {
      const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId, 'trial', 0, {}, []);
      return decision === SamplingDecision.RECORD_AND_SAMPLED;
    },
    write(span) {
      const { name, parent, traceId, beganAt, endedAt, link, error } = span;
      ids.next = span;
      const above = parent === undefined ? undefined : sampled({ traceId, spanId: parent });
      const written = tracer.startSpan(
        name,
        {
          startTime: timeOf(beganAt),
          attributes: attributesOf(span.attributes),
          links: link === undefined ? [] : [{ context: sampled(link) }],
        },
        above === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, above),
      );
      for (const event of span.events ?? [])
        written.addEvent(event.name, attributesOf(event.attributes), timeOf(event.at));
      if (error !== undefined) written.setStatus({ code: SpanStatusCode.ERROR, message: error });
      written.end(timeOf(Math.max(beganAt, endedAt)));
    },
    close: () => Promise.race([provider.shutdown().catch(() => {}), pause(LAST_MS, undefined, { ref: false })]),
  };
}

/** Ids are derived from what a span is of, not drawn. */
class GivenIds implements IdGenerator {
  next: Pick<FinishedSpan, 'traceId' | 'spanId'> = { traceId: '', spanId: '' };
  readonly generateTraceId = (): string => this.next.traceId;
  readonly generateSpanId = (): string => this.next.spanId;
}

function sampled({ traceId, spanId }: SpanContext): SpanContext & { traceFlags: TraceFlags; isRemote: boolean } {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/** Seconds and nanoseconds: a plain number may be taken for one of `performance.now()`. */
function timeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}

function attributesOf(attributes: SpanAttributes = {}): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

function samplerOf(setting: SamplerSetting): Sampler {
  switch (setting.kind) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(setting.ratio);
  }
}

async function exporterOf(protocol: TraceProtocol): Promise<SpanExporter> {
  switch (protocol) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    case 'grpc':
      return new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter();
  }
}

/** A receiver that does not answer costs spans and one line now and then, nothing else. */
function complainSeldom(logger: TracedProcess['logger']): void {
  let last = Number.NEGATIVE_INFINITY;
  const complain = (message: string, ...more: unknown[]): void => {
    if (performance.now() - last < COMPLAINT_MS) return;
    last = performance.now();
    const reason = [message, ...more].map((part) => (part instanceof Error ? part.message : String(part))).join(' ');
    logger.warn({ reason }, 'traces could not be sent');
  };
  const ignore = (): void => {};
  const say = { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(say, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
