import type { Logger } from 'pino';
import type { SpanContext } from './trace-context.js';
import { readTraceSettings } from './trace-settings.js';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span that is over. Times are milliseconds since the epoch, fractions allowed. */
export interface FinishedSpan extends SpanContext {
  readonly name: string;
  /** In the same trace; absent: the root. */
  readonly parent?: string | undefined;
  readonly beganAt: number;
  readonly endedAt: number;
  readonly attributes?: SpanAttributes | undefined;
  readonly events?: readonly { readonly name: string; readonly at: number; readonly attributes?: SpanAttributes }[];
  /** What it follows from in another trace. */
  readonly link?: SpanContext | undefined;
  /** Why it failed. */
  readonly error?: string | undefined;
}

/** Sends spans. They are known by names that say what they are of, so each is written once, when it is over. */
export interface Tracing {
  /** Whether the spans of a trace are to be written: the same for all of them, on every machine. */
  isSampled(traceId: string): boolean;
  write(span: FinishedSpan): void;
  /** Sends what is left, as far as it goes soon. */
  close(): Promise<void>;
}

/**
 * Starts OpenTelemetry's SDK when the environment names an endpoint (see {@link readTraceSettings}); otherwise nothing of
 * it is loaded.
 *
 * @param service the service's name, unless OTEL_SERVICE_NAME says another
 * @param instance tells apart processes of one service
 * @throws {TraceSettingsError} when a variable cannot be used
 */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
  { service, instance, version, logger }: TracedProcess,
): Promise<Tracing | undefined> {
  const settings = readTraceSettings(env);
  if (settings === undefined) return undefined;
  const { createOtlpTracing } = await import('./otlp-tracing.js');
  const name = env['OTEL_SERVICE_NAME'] || service;
  logger.info({ protocol: settings.protocol, service: name }, 'traces are sent');
  return createOtlpTracing(settings, { service: name, instance, version, logger });
}

export interface TracedProcess {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly logger: Logger;
}

/** Milliseconds since the epoch of a moment of `performance.now()`. */
export function epochOf(moment: number): number {
  return performance.timeOrigin + moment;
}
