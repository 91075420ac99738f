import { createHash } from 'node:crypto';

/** Hexadecimal, 32 and 16 digits. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * The id of a trace, from the words that name what it is about: whoever tells of the same thing, before or after a
 * restart, tells it into the same trace.
 */
export function traceIdOf(...words: readonly (string | number)[]): string {
  return digest(words).slice(0, 32);
}

/** The id of a span within its trace. */
export function spanIdOf(traceId: string, ...words: readonly (string | number)[]): string {
  return digest([traceId, ...words]).slice(0, 16);
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
export function toTraceparent({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** The context that a traceparent names; undefined for none, one that is not sampled, and what is no traceparent. */
export function fromTraceparent(text: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId) || (Number.parseInt(flags!, 16) & 1) === 0) return undefined;
  return { traceId, spanId };
}

function digest(words: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(words)).digest('hex');
}
