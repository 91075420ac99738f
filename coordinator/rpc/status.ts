import { type ServiceError, status } from '@grpc/grpc-js';
import type { Refusal } from '../core/execute.js';

/** The one table that turns refusals into gRPC status codes. */
const CODES: Record<Refusal['code'] | 'invalid' | 'internal', status> = {
  not_found: status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  invalid: status.INVALID_ARGUMENT,
  internal: status.INTERNAL,
};

/** What a handler's callback takes for an expected refusal. */
export function statusOf(refusal: {
  readonly code: keyof typeof CODES;
  readonly message: string;
}): Pick<ServiceError, 'code' | 'details'> {
  return { code: CODES[refusal.code], details: refusal.message };
}
