import { type ServiceError, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { RefusalCode } from '../calls/refused.js';

/** The one table that turns refusals into gRPC status codes. */
const CODES: Record<RefusalCode | 'internal', status> = {
  not_found: status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  invalid: status.INVALID_ARGUMENT,
  limit: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
};

/** What a handler's callback takes for an expected refusal. */
export function statusOf(refusal: {
  readonly code: keyof typeof CODES;
  readonly message: string;
}): Pick<ServiceError, 'code' | 'details'> {
  return { code: CODES[refusal.code], details: refusal.message };
}

/** Callers learn that it is our fault; the log learns what it was. */
export function unexpected(logger: Logger, error: unknown): Pick<ServiceError, 'code' | 'details'> {
  logger.error({ err: error }, 'a call failed unexpectedly');
  return statusOf({ code: 'internal', message: 'the coordinator failed on this call; its log says why' });
}
